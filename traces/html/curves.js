'use strict';
// Busy chiplets, NoP and DRAM traffic over the time that the timeline shows.

const CURVES = [
	{ name: 'busy chiplets', colour: '#2b6cb0', track: CHIPLET, of: () => 1,
		counts: (run, row) => run.kind[row] === 0 },
	{ name: 'NoP GB/s', colour: '#1b7837', track: LINK, counts: () => true,
		of: (run, row) => run.amount[row] / (run.end[row] - run.start[row]) },
	{ name: 'DRAM GB/s', colour: '#d7301f', track: DRAM, counts: () => true,
		of: (run, row) => run.amount[row] / (run.end[row] - run.start[row]) },
];

// Mean height in each of `count` equal parts of [from, to).
function sampleCurve(run, curve, from, to, count) {
	const sums = new Float64Array(count), width = (to - from) / count;
	for (const track of run.tracks) {
		if (track.kind !== curve.track)
			continue;
		for (let row = firstEndingAfter(run, track, from);
		     row < track.end && run.start[row] < to; row++) {
			const start = Math.max(run.start[row], from), end = Math.min(run.end[row], to);
			if (!(end > start) || !curve.counts(run, row))
				continue;
			const height = curve.of(run, row), first = Math.floor((start - from) / width);
			const last = Math.min(Math.floor((end - from) / width), count - 1);
			for (let i = first; i <= last; i++)
				sums[i] += height * Math.max(0, Math.min(end, from + (i + 1) * width) -
					Math.max(start, from + i * width)) / width;
		}
	}
	return sums;
}

class Curves {
	constructor(canvas, run) {
		Object.assign(this, { canvas, run });
		new ResizeObserver(() => this.draw()).observe(canvas);
	}

	// Not for every frame of a zoom.
	follow(view) {
		this.view = view;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.draw(), 80);
	}

	draw() {
		const { canvas, run, view } = this, ratio = devicePixelRatio || 1;
		const width = canvas.clientWidth, height = canvas.clientHeight, wide = width - LABELS;
		if (!view || wide < 10)
			return;
		canvas.width = width * ratio;
		canvas.height = height * ratio;
		const context = canvas.getContext('2d'), count = Math.max(Math.floor(wide / 2), 1);
		context.scale(ratio, ratio);
		context.font = '11px system-ui, sans-serif';
		CURVES.forEach((curve, i) => {
			const samples = sampleCurve(run, curve, view.from, view.to, count);
			const most = samples.reduce((a, b) => Math.max(a, b), 0);
			context.fillStyle = curve.colour;
			context.fillText(`${curve.name}: at most ${+most.toPrecision(3)}`, 8, 20 + i * 26);
			if (!(most > 0))
				return;
			context.strokeStyle = curve.colour;
			context.beginPath();
			samples.forEach((sample, s) => context.lineTo(LABELS + s * wide / count,
				height - 6 - sample / most * (height - 14)));
			context.stroke();
		});
	}
}
