'use strict';
// Tables of a report: sorted by a click on a head, copied as CSV.

function escapeText(text) {
	return String(text).replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
}

function number(value, digits = 4) {
	if (value === null || value === undefined || Number.isNaN(value))
		return '-';
	return typeof value === 'number' ? (+value.toPrecision(digits)).toLocaleString('en',
		{ maximumSignificantDigits: digits }) : value;
}

// columns: [key, name, unit]; rows: objects. Returns an element.
function makeTable(columns, rows, fileName) {
	const box = document.createElement('div'), copy = document.createElement('button');
	let order = null, down = false;
	copy.textContent = 'copy as CSV';
	const csvCell = value => /[",\n]/.test(value) ? `"${String(value).replace(/"/g, '""')}"`
	                                              : value ?? '';
	box.csv = () => [columns.map(([key, , unit]) => unit ? `${key} (${unit})` : key), ...rows.map(
		row => columns.map(([key]) => row[key]))].map(line => line.map(csvCell).join(','))
		.join('\n');
	copy.onclick = () => navigator.clipboard?.writeText(box.csv()).then(() => {
		copy.textContent = 'copied';
	});
	const table = document.createElement('table');
	const draw = () => {
		const sorted = order === null ? rows : [...rows].sort((a, b) =>
			(a[order] > b[order] ? 1 : a[order] < b[order] ? -1 : 0) * (down ? -1 : 1));
		const text = row => columns.map(([key]) => `<td${typeof row[key] === 'string'
			? ' class="text"' : ''}>${escapeText(number(row[key]))}</td>`).join('');
		table.innerHTML = `<thead><tr>${columns.map(([key, name, unit]) => `<th data-key="${key}"` +
			` class="${typeof rows[0]?.[key] === 'string' ? 'text' : ''}">${escapeText(name)}` +
			`${order === key ? down ? ' ▾' : ' ▴' : ''}<small>${escapeText(unit ?? '')}</small>` +
			'</th>').join('')}</tr></thead><tbody>` + sorted.map(row =>
			`<tr>${text(row)}</tr>`).join('') + '</tbody>';
	};
	table.addEventListener('click', event => {
		const key = event.target.closest('th')?.dataset.key;
		if (!key)
			return;
		down = order === key ? !down : true;
		order = key;
		draw();
	});
	draw();
	table.title = fileName;
	box.append(copy, table);
	return box;
}

const LAYER_COLUMNS = [
	['node', 'node'], ['cluster_name', 'cluster'], ['chiplets', 'chiplets'], ['split', 'split'],
	['weights', 'weights'], ['bound_by', 'bound by'], ['analytical_us', 'model', 'us'],
	['simulated_us', 'time', 'us'], ['mac_percent', 'MACs', '%'],
	['lanes_percent', 'empty lanes', '%'], ['vector_percent', 'element-wise', '%'],
	['shard_percent', 'uneven shares', '%'], ['fill_percent', 'fill', '%'],
	['wait_input_percent', 'wait input', '%'], ['wait_dram_percent', 'wait DRAM', '%'],
	['back_pressure_percent', 'back pressure', '%'], ['nop_bytes', 'NoP', 'bytes'],
	['nop_byte_hops', 'NoP', 'bytes x hops'], ['dram_bytes', 'DRAM', 'bytes'],
	['energy_uJ', 'energy', 'uJ'],
];

function layerRows(report) {
	return (report?.simulated?.layers ?? []).map(layer => ({ ...layer,
		cluster_name: `${layer.segment}.${layer.cluster}`, analytical_us: layer.analytical_ns / 1e3,
		simulated_us: layer.simulated_ns / 1e3, energy_uJ: layer.energy_pJ / 1e6,
		dram_bytes: layer.dram_read_bytes + layer.dram_write_bytes }));
}

const CLUSTER_COLUMNS = [
	['name', 'cluster'], ['nodes', 'nodes'], ['chiplets', 'chiplets'],
	['model_us', 'model', 'us per micro-batch'], ['period_us', 'simulated period', 'us'],
	['error', 'error', '%'], ['energy_uJ', 'energy', 'uJ'],
];

function clusterRows(report) {
	const rows = [], simulated = report?.simulated?.segments ?? [];
	simulated.forEach((segment, s) => segment.clusters.forEach((cluster, c) => {
		const model = report.analytical.segments[s], nodes = cluster.nodes;
		rows.push({ name: `${s}.${c}`, chiplets: cluster.chiplets,
			nodes: nodes.length > 1 ? `${nodes[0]} .. ${nodes.at(-1)}` : nodes[0],
			model_us: model.clusters[c].time_ns / 1e3, period_us: cluster.time_ns / 1e3,
			error: 100 * (model.period_ns / cluster.time_ns - 1),
			energy_uJ: cluster.energy_pJ / 1e6 });
	}));
	return rows;
}

function timeRows(report) {
	const sim = report.simulated, all = Object.values(sim.bubbles_ns).reduce((a, b) => a + b,
		sim.busy_ns);
	return [['busy', sim.busy_ns], ...Object.entries(sim.bubbles_ns)].map(([cause, ns]) => ({
		cause: KIND_WORDS[cause] ?? cause, chiplet_us: ns / 1e3, percent: 100 * ns / all }));
}

function energyRows(report) {
	const energy = report.simulated.energy_pJ;
	return Object.entries(energy).map(([part, pJ]) => ({ part, uJ: pJ / 1e6,
		percent: 100 * pJ / energy.total }));
}
