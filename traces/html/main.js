'use strict';
// The page: reads the runs, puts timeline, curves and tables beside each other.

const $ = id => document.getElementById(id);

function tipText({ run, row }) {
	const lines = [nameOfRow(run, row)];
	const where = [`segment ${run.segment[row]}`, `cluster ${run.cluster[row]}`];
	if (run.microbatch[row] >= 0)
		where.push(`micro-batch ${run.microbatch[row]}`);
	if (run.tile[row] >= 0)
		where.push(`tile ${run.tile[row]}`);
	lines.push(where.join(', '));
	lines.push(`${timeText(run.start[row])} to ${timeText(run.end[row])}: ` +
		timeText(run.end[row] - run.start[row]));
	if (amountText(run, row))
		lines.push(amountText(run, row));
	if (run.extrapolated[row] > 1)
		lines.push(`stands for ${run.extrapolated[row]} micro-batches that were not simulated`);
	else if (run.extrapolated[row])
		lines.push('not simulated: as the pattern before it');
	return lines.join('\n');
}

function waitedFor(gantt, { run, row }) {
	const from = run.inputs.get(gantt.tileOf(run, row)) ?? [];
	const last = from.reduce((best, one) => best < 0 || run.end[one] > run.end[best] ? one : best,
		-1);
	return last < 0 ? '' : `\nread last: ${nameOfRow(run, last)}, micro-batch ` +
		`${run.microbatch[last]}, ended at ${timeText(run.end[last])}`;
}

// From the last tile back: to what ended last before it, on its own track or by an arrow.
function criticalPath(run) {
	const tracks = run.tracks.filter(track => track.kind === CLUSTER);
	const trackOf = row => tracks.find(track => row >= track.first && row < track.end);
	let row = -1;
	for (const track of tracks)
		for (let at = track.first; at < track.end; at++)
			if (run.kind[at] === 0 && (row < 0 || run.end[at] > run.end[row]))
				row = at;
	const rows = [], sums = {};
	while (row >= 0 && rows.length < 100000) {
		const track = trackOf(row), kind = run.kinds[run.kind[row]];
		rows.push(row);
		sums[kind] = (sums[kind] ?? 0) + run.end[row] - run.start[row];
		const inputs = run.inputs.get(row) ?? [], before = row > track.first ? row - 1 : -1;
		let next = before;
		if (before >= 0 && run.kind[before] >= run.firstBubble)
			for (const from of inputs) // it waited: for the latest of its inputs
				if (run.end[from] >= run.start[before] - 1e-3 &&
				    (next === before || run.end[from] > run.end[next]))
					next = from;
		if (next >= 0 && next !== before) {
			const wait = run.kinds[run.kind[before]];
			sums[wait] = (sums[wait] ?? 0) + Math.max(run.start[row] - run.end[next], 0);
		} else if (next < 0) { // the segment before
			for (const other of tracks)
				for (let at = firstEndingAfter(run, other, run.start[row] - 1e-3) - 1,
				     steps = 0; at >= other.first && steps < 3; at--, steps++)
					if (run.segment[at] < run.segment[row] && (next < 0 ||
					    run.end[at] > run.end[next]))
						next = at;
		}
		row = next;
	}
	return { run, rows, sums };
}

function titleOf({ report, title }) {
	return report ? `${report.workload} on ${report.package}, batch ${report.batch}` : title;
}

class Page {
	constructor(runs) {
		this.runs = runs;
		this.current = runs[0];
		this.tabs = { summary: () => this.summary(), layers: () => this.layers(),
			clusters: () => this.clusters(), package: () => this.package(),
			selection: () => this.selection() };
		this.tab = 'summary';
		this.mapBy = 'busy';
		this.gantt = new Gantt(document.querySelector('#gantt canvas'), runs, {
			moved: view => this.moved(view), hover: (hit, event) => this.hover(hit, event),
			chosen: hit => this.choose(hit),
			selected: (from, to, lanes) => this.select(from, to, lanes),
		});
		this.curves = new Curves(document.querySelector('#curves canvas'), this.current);
		this.curves.follow(this.gantt.view);
		$('title').textContent = runs.length > 1
			? `${titleOf(runs[0])}: ${runs.map(run => run.name).join(', ')}` : titleOf(runs[0]);
		document.title = $('title').textContent;
		this.wire();
		this.legend();
		this.show();
	}

	wire() {
		const nav = document.querySelector('#side nav');
		for (const name of Object.keys(this.tabs)) {
			const button = document.createElement('button');
			button.textContent = name;
			button.role = 'tab';
			button.dataset.tab = name;
			button.onclick = () => this.open(name);
			nav.append(button);
		}
		if (this.runs.length > 1) {
			const select = document.createElement('select');
			select.ariaLabel = 'run';
			select.innerHTML = this.runs.map((run, i) =>
				`<option value="${i}">${escapeText(run.name)}</option>`).join('');
			select.onchange = () => this.setRun(this.runs[select.value]);
			nav.append(select);
		}
		$('fit').onclick = () => this.gantt.setView(0, this.gantt.endNs);
		$('critical').onclick = () => this.critical();
		$('theme').onclick = () => this.theme(
			document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
		$('help').onclick = () => this.open('summary', true);
		$('search').oninput = () => this.search();
		$('search').onkeydown = event => {
			if (event.key === 'Enter')
				this.nextMatch(event.shiftKey ? -1 : 1);
		};
	}

	theme(name) {
		document.documentElement.dataset.theme = name;
		$('theme').textContent = name === 'dark' ? 'light' : 'dark';
		this.gantt.ask();
		this.curves.draw();
	}

	setRun(run) {
		this.current = this.curves.run = run;
		this.curves.draw();
		this.show();
	}

	legend() {
		const kinds = new Set(this.runs.flatMap(run => [...new Set(run.kind)].map(kind =>
			run.kinds[kind])));
		$('legend').innerHTML = [...kinds].map(kind => `<span><i style="background:${
			kind === 'compute' ? 'linear-gradient(90deg,' + [0, 1, 2, 3].map(nodeColour).join() + ')'
			: KIND_COLOURS[kind]}"></i>${kind === 'compute' ? 'compute, a colour for each node'
			: KIND_WORDS[kind]}</span>`).join('');
	}

	moved(view) {
		this.curves?.follow(view);
		clearTimeout(this.mapTimer);
		if (this.tab === 'package')
			this.mapTimer = setTimeout(() => this.show(), 120);
	}

	hover(hit, event) {
		const tip = $('tip');
		tip.style.display = hit ? 'block' : 'none';
		if (!hit)
			return;
		tip.textContent = hit.name ?? tipText(hit) + waitedFor(this.gantt, hit);
		tip.style.left = `${Math.min(event.clientX + 14, innerWidth - 390)}px`;
		tip.style.top = `${Math.min(event.clientY + 14, innerHeight - 130)}px`;
	}

	choose(hit) {
		this.chosen = hit;
		if (hit && hit.run !== this.current)
			this.setRun(hit.run);
		if (hit)
			this.open('selection');
	}

	select(from, to, lanes) {
		const sums = new Map();
		for (const { run, track } of lanes)
			for (let row = firstEndingAfter(run, track, from);
			     row < track.end && run.start[row] < to; row++) {
				if (run.end[row] <= from)
					continue;
				const name = nameOfRow(run, row), sum = sums.get(name) ?? { name, count: 0, us: 0 };
				sum.count++;
				sum.us += (Math.min(run.end[row], to) - Math.max(run.start[row], from)) / 1e3;
				sums.set(name, sum);
			}
		this.sums = { from, to, rows: [...sums.values()].map(sum => ({ ...sum,
			mean_us: sum.us / sum.count })).sort((a, b) => b.us - a.us) };
		this.chosen = null;
		this.open('selection');
	}

	search() {
		const text = $('search').value.trim().toLowerCase(), found = [];
		if (text)
			for (const run of this.runs)
				run.nodes.forEach((name, node) => {
					if (name.toLowerCase().includes(text))
						found.push([run, node]);
				});
		const nodes = new Map(this.runs.map(run => [run, new Set(found.filter(([of]) => of === run)
			.map(([, node]) => node))]));
		this.gantt.matches = text ? { has: (run, row) => nodes.get(run).has(run.node[row]) } : null;
		this.match = -1;
		this.hits = [];
		for (const run of text ? this.runs : [])
			for (const track of run.tracks.filter(one => one.kind === CLUSTER))
				for (let row = track.first; row < track.end; row++)
					if (run.kind[row] === 0 && nodes.get(run).has(run.node[row]))
						this.hits.push([run, row]);
		$('found').textContent = text ? `${found.length} nodes, ${this.hits.length} tiles` : '';
		this.gantt.ask();
	}

	nextMatch(by) {
		if (!this.hits?.length)
			return;
		this.match = (this.match + by + this.hits.length) % this.hits.length;
		const [run, row] = this.hits[this.match];
		this.gantt.show(run, row);
	}

	critical() {
		const on = !this.gantt.path;
		this.gantt.path = on ? criticalPath(this.current) : null;
		$('critical').ariaPressed = on;
		this.gantt.ask();
		if (on)
			this.open('selection');
	}

	// ---- the side ----

	open(tab, help) {
		this.tab = tab;
		this.show(help);
	}

	show(help) {
		for (const button of document.querySelectorAll('#side nav button'))
			button.ariaSelected = button.dataset.tab === this.tab;
		$('panel').replaceChildren();
		if (help)
			this.put(`<h2>Keys and mouse</h2><p>W S zoom, A D or ← → pan, ↑ ↓ scroll, 0 the whole
				run, M sets a cursor (two measure), Esc forgets. Ctrl + wheel zooms, shift + wheel
				pans, dragging moves. Shift + dragging sums up what is in a box, alt + dragging
				zooms into it, a double click into an interval. A click on an interval draws what
				it read (orange) and who reads it (blue); a click on a group folds it, on a lane's
				name pins it on top.</p>`);
		this.tabs[this.tab]();
	}

	put(html) {
		const element = document.createElement('div');
		element.innerHTML = html;
		$('panel').append(element);
		return element;
	}

	summary() {
		const { report } = this.current, sim = report?.simulated;
		if (!sim) {
			this.put('<p class="note">No report stands beside this timeline.</p>');
			return;
		}
		const energy = sim.energy_pJ.total;
		this.put(`<p><b>${escapeText(report.workload)}</b> on <b>${escapeText(report.package)}</b>, ` +
			`${escapeText(report.strategy ?? 'mapping')}, batch ${report.batch}</p><p>simulated ` +
			`<b>${timeText(sim.latency_ns)}</b>, by the model ` +
			`${timeText(report.analytical.latency_ns)} (${number(report.error_percent.latency, 3)} ` +
			`%); ${number(sim.throughput_per_s)} samples/s; ${number(energy / 1e9)} mJ; ` +
			`${number(100 * sim.utilization, 3)} % of all MAC units</p>` +
			`<p>${escapeText(report.bottleneck ?? '')}</p>`);
		if (this.runs.length > 1)
			$('panel').append(makeTable([['name', 'run'], ['ms', 'simulated', 'ms'],
				['model', 'model', 'ms'], ['mJ', 'energy', 'mJ'], ['busy', 'busy', '%']],
			this.runs.filter(run => run.report?.simulated).map(run => ({ name: run.name,
				ms: run.report.simulated.latency_ns / 1e6,
				model: run.report.analytical.latency_ns / 1e6,
				mJ: run.report.simulated.energy_pJ.total / 1e9,
				busy: timeRows(run.report)[0].percent })), 'runs'));
		this.put('<h2>Time of regions, by cause</h2>');
		$('panel').append(makeTable([['cause', 'cause'], ['chiplet_us', 'time', 'chiplet us'],
			['percent', 'share', '%']], timeRows(report), 'bubbles'));
		this.put('<h2>Energy</h2>');
		$('panel').append(makeTable([['part', 'part'], ['uJ', 'energy', 'uJ'],
			['percent', 'share', '%']], energyRows(report), 'energy'));
	}

	layers() {
		const rows = layerRows(this.current.report);
		this.put(`<p class="note">Shares are of the time of a node's chiplets; a click on a head
			sorts.</p>`);
		$('panel').append(makeTable(LAYER_COLUMNS, rows, 'layers'));
	}

	clusters() {
		$('panel').append(makeTable(CLUSTER_COLUMNS, clusterRows(this.current.report), 'clusters'));
	}

	package() {
		const { from, to } = this.gantt.view, select = document.createElement('select');
		select.innerHTML = ['busy', 'bubbles', 'cluster'].map(by => `<option${by === this.mapBy
			? ' selected' : ''}>${by}</option>`).join('');
		select.ariaLabel = 'colour of chiplets';
		select.onchange = () => {
			this.mapBy = select.value;
			this.show();
		};
		this.put(`<p>From ${timeText(Math.max(from, 0))} to ${timeText(to)}, as the timeline shows;
			chiplets by </p>`).firstChild.append(select);
		this.put(drawPackage(this.current, this.gantt.view, this.mapBy));
	}

	selection() {
		const { path } = this.gantt;
		if (this.chosen)
			this.put(`<h2>Interval</h2><p style="white-space: pre-line">${escapeText(
				tipText(this.chosen) + waitedFor(this.gantt, this.chosen))}</p>`);
		if (path) {
			const sum = Object.values(path.sums).reduce((a, b) => a + b, 0);
			this.put(`<h2>Critical path</h2><p>${path.rows.length} intervals, ` +
				`${timeText(sum)}</p>`);
			$('panel').append(makeTable([['kind', 'kind'], ['us', 'time', 'us'],
				['percent', 'share', '%']], Object.entries(path.sums).map(([kind, ns]) => ({
				kind: KIND_WORDS[kind], us: ns / 1e3, percent: 100 * ns / sum })), 'critical path'));
		}
		if (this.sums) {
			const { from, to, rows } = this.sums;
			this.put(`<h2>Box</h2><p>${timeText(from)} to ${timeText(to)}: ` +
				`${timeText(to - from)}</p>`);
			$('panel').append(makeTable([['name', 'name'], ['count', 'count'], ['us', 'sum', 'us'],
				['mean_us', 'mean', 'us']], rows, 'selection'));
		}
		if (!this.chosen && !path && !this.sums)
			this.put(`<p class="note">Click an interval, or drag a box with shift held.</p>`);
	}
}

async function open() {
	const begin = performance.now(), texts = [...document.querySelectorAll('script.run')];
	const reports = [...document.querySelectorAll('script.report')];
	const runs = [];
	for (const [i, text] of texts.entries()) {
		const run = await unpack(text.dataset.name, text.textContent,
			JSON.parse(reports[i].textContent));
		text.remove();
		makePixels(run);
		findSegments(run);
		makeGroups(run, texts.length > 1);
		runs.push(run);
	}
	if (matchMedia('(prefers-color-scheme: dark)').matches)
		document.documentElement.dataset.theme = 'dark';
	window.page = new Page(runs);
	page.theme(document.documentElement.dataset.theme ?? 'light');
	page.openedMs = performance.now() - begin;
}

open();
