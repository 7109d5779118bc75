'use strict';
// The package as a map: what chiplets and links do in the time that the timeline shows.

// "chiplet 3,1" and "link 0,0->1,0" say where they are.
function placesOf(run) {
	const chiplets = [], links = [];
	for (const track of run.tracks) {
		const at = track.name.match(/^chiplet (\d+),(\d+)$/);
		const ends = track.name.match(/^link (\d+),(\d+)->(\d+),(\d+)/);
		if (at)
			chiplets.push({ track, x: +at[1], y: +at[2] });
		else if (ends)
			links.push({ track, from: [+ends[1], +ends[2]], to: [+ends[3], +ends[4]] });
	}
	return { chiplets, links };
}

function sumsIn(run, track, { from, to }) {
	const sums = { busy: 0, bubbles: 0, bytes: 0, cluster: -1, segment: -1 };
	for (let row = firstEndingAfter(run, track, from);
	     row < track.end && run.start[row] < to; row++) {
		const time = Math.min(run.end[row], to) - Math.max(run.start[row], from);
		if (!(time > 0))
			continue;
		if (run.kind[row] >= run.firstBubble)
			sums.bubbles += time;
		else
			sums.busy += time;
		sums.bytes += run.amount[row] * time / Math.max(run.end[row] - run.start[row], 1e-9);
		sums.cluster = run.cluster[row];
		sums.segment = run.segment[row];
	}
	return sums;
}

function drawPackage(run, view, by) {
	const { chiplets, links } = placesOf(run), cell = 46, gap = 18;
	if (!chiplets.length)
		return '<p class="note">The timeline has no chiplets (--trace-level cluster).</p>';
	const columns = Math.max(...chiplets.map(c => c.x)) + 1;
	const rows = Math.max(...chiplets.map(c => c.y)) + 1, span = view.to - view.from;
	const middle = ([x, y]) => [x * (cell + gap) + cell / 2 + 8, y * (cell + gap) + cell / 2 + 8];
	const loads = links.map(link => ({ ...link, ...sumsIn(run, link.track, view) }));
	const most = Math.max(...loads.map(link => link.bytes), 1e-9);
	let svg = `<svg viewBox="0 0 ${columns * (cell + gap)} ${rows * (cell + gap)}" role="img" ` +
		'aria-label="package">';
	for (const link of loads) {
		const [x0, y0] = middle(link.from), [x1, y1] = middle(link.to), share = link.bytes / most;
		const [dx, dy] = [(y1 - y0) * 0.08, (x0 - x1) * 0.08]; // the two directions side by side
		svg += `<line x1="${x0 + dx}" y1="${y0 + dy}" x2="${x1 + dx}" y2="${y1 + dy}" ` +
			`stroke="hsl(${(1 - share) * 200} 70% 45%)" stroke-width="${1 + 5 * share}" ` +
			`opacity="${0.25 + 0.75 * share}"><title>${link.track.name}: ` +
			`${(link.bytes / span).toPrecision(3)} GB/s</title></line>`;
	}
	for (const chiplet of chiplets) {
		const sums = sumsIn(run, chiplet.track, view), busy = sums.busy / span;
		const share = by === 'bubbles' ? sums.bubbles / span : busy;
		const colour = by === 'cluster'
			? sums.cluster < 0 ? '#8886' : nodeColour(sums.segment * 7 + sums.cluster)
			: `hsl(${by === 'bubbles' ? 20 : 210} 70% ${90 - 55 * share}%)`;
		const [x, y] = middle([chiplet.x, chiplet.y]);
		svg += `<rect x="${x - cell / 2}" y="${y - cell / 2}" width="${cell}" height="${cell}" ` +
			`rx="4" fill="${colour}" stroke="currentColor" stroke-opacity=".35"/>` +
			`<text x="${x}" y="${y}" text-anchor="middle" font-size="10" fill="#111">` +
			`${chiplet.x},${chiplet.y}</text><text x="${x}" y="${y + 12}" font-size="9" ` +
			`text-anchor="middle" fill="#111">${(100 * share).toFixed(0)} %</text>`;
	}
	return svg + '</svg>';
}
