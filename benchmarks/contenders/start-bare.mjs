console.log(JSON.stringify({ value: 0, unit: 'ms', detail: {} }));
