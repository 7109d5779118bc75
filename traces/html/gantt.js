'use strict';
// The timeline on a canvas: every pixel of a lane shows what takes most of its time.

const LABELS = 250, AXIS = 24; // px: names at the left, the time axis on top

// Where an interval begins, so that equal ones are told apart.
function darker(pixel) {
	return pixel & 0xff000000 | (pixel & 0xfefefe) >> 1;
}

class Gantt {
	constructor(canvas, runs, hooks) {
		Object.assign(this, { canvas, runs, hooks, pinned: [], scroll: 0, matches: null,
			chosen: null, path: null, box: null, marks: [], drawn: 0 });
		this.context = canvas.getContext('2d');
		this.endNs = Math.max(...runs.map(run => run.end_ns), 1);
		this.view = { from: 0, to: this.endNs };
		this.arrange();
		this.listen();
		new ResizeObserver(() => this.ask()).observe(canvas);
	}

	arrange() {
		Object.assign(this, layOut(this.runs, this.pinned));
		this.ask();
	}

	ask() { // once per frame
		if (this.asked)
			return;
		this.asked = true;
		requestAnimationFrame(() => {
			this.asked = false;
			this.draw();
		});
	}

	// ---- places ----

	get wide() { return this.canvas.clientWidth - LABELS; }
	get scale() { return this.wide / (this.view.to - this.view.from); } // px per ns
	x(ns) { return LABELS + (ns - this.view.from) * this.scale; }
	ns(x) { return this.view.from + (x - LABELS) / this.scale; }

	setView(from, to) {
		const least = 1, span = Math.min(Math.max(to - from, least), this.endNs * 1.02);
		from = Math.min(Math.max(from, -0.01 * this.endNs), 1.01 * this.endNs - span);
		this.view = { from, to: from + span };
		this.ask();
		this.hooks.moved(this.view);
	}

	zoom(factor, x) {
		const at = this.ns(x ?? LABELS + this.wide / 2), { from, to } = this.view;
		this.setView(at - (at - from) * factor, at + (to - at) * factor);
	}

	pan(share) {
		const by = (this.view.to - this.view.from) * share;
		this.setView(this.view.from + by, this.view.to + by);
	}

	scrollBy(px) {
		const most = Math.max(0, this.height - (this.canvas.clientHeight - AXIS));
		this.scroll = Math.min(Math.max(this.scroll + px, 0), most);
		this.ask();
	}

	itemAt(y) {
		const at = y - AXIS + this.scroll;
		return y < AXIS ? null : this.list.find(item => at >= item.y && at < item.y + item.height);
	}

	// The row under a point: of several that overlap the shortest.
	rowAt(x, y) {
		const item = this.itemAt(y), track = item?.lane?.track, time = this.ns(x);
		if (!track || x < LABELS)
			return null;
		const run = item.lane.run, slack = 0.5 / this.scale;
		let best = -1;
		for (let row = firstEndingAfter(run, track, time - slack);
		     row < track.end && run.start[row] <= time + slack; row++)
			if (run.end[row] >= time - slack && (best < 0 || !(run.start[row] > time) &&
			    run.end[row] - run.start[row] < run.end[best] - run.start[best]))
				best = row;
		return best < 0 ? null : { run, row: best };
	}

	// ---- drawing ----

	draw() {
		const { canvas, context } = this, ratio = devicePixelRatio || 1, begin = performance.now();
		const width = canvas.clientWidth, height = canvas.clientHeight;
		if (width < LABELS + 20 || height < AXIS)
			return;
		if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
			canvas.width = width * ratio;
			canvas.height = height * ratio;
		}
		const style = getComputedStyle(document.documentElement);
		this.ink = name => style.getPropertyValue(name).trim();
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.clearRect(0, 0, width, height);
		context.font = '11px system-ui, sans-serif';
		context.textBaseline = 'middle';
		this.drawn = 0;
		this.shown = this.list.filter(item => item.y + item.height > this.scroll &&
			item.y < this.scroll + height - AXIS);
		this.drawBars();
		this.drawNames();
		this.drawAxis(width, height);
		this.drawArrows();
		this.drawMarks(height);
		this.drawMs = performance.now() - begin;
	}

	drawBars() {
		const wide = Math.floor(this.wide), lanes = this.shown.filter(item => item.lane);
		if (!lanes.length || wide < 1)
			return;
		const pixels = new Uint32Array(wide * lanes.length);
		lanes.forEach((item, i) => {
			if (item.lane.track)
				this.fillLane(item.lane.run, item.lane.track,
					pixels.subarray(i * wide, (i + 1) * wide));
		});
		const image = new ImageData(new Uint8ClampedArray(pixels.buffer), wide, lanes.length);
		this.buffer ??= document.createElement('canvas');
		this.buffer.width = wide;
		this.buffer.height = lanes.length;
		this.buffer.getContext('2d').putImageData(image, 0, 0);
		this.context.imageSmoothingEnabled = false;
		lanes.forEach((item, i) => {
			const y = AXIS + item.y - this.scroll;
			this.context.drawImage(this.buffer, 0, i, wide, 1, LABELS, y + 1, wide,
				item.height - 2);
			if (item.lane.segments)
				this.drawSegments(item.lane.run, y);
			else
				this.drawTexts(item.lane.run, item.lane.track, y);
		});
	}

	// Wide rows fill their pixels; of those narrower than one the longest in a pixel wins.
	fillLane(run, track, pixels) {
		const { from, to } = this.view, scale = this.scale, wide = pixels.length;
		let busy = -1, most = 0;
		for (let row = firstEndingAfter(run, track, from);
		     row < track.end && run.start[row] < to; row++) {
			if (run.end[row] <= from)
				continue;
			const left = Math.max((run.start[row] - from) * scale, 0);
			const right = Math.min((run.end[row] - from) * scale, wide);
			const first = left | 0, last = Math.min(Math.ceil(right), wide);
			let pixel = pixelOfRow(run, row);
			if (run.extrapolated[row])
				pixel = pixel & 0xffffff | 0xa0000000;
			if (this.matches && !this.matches.has(run, row))
				pixel = pixel & 0xffffff | 0x30000000;
			this.drawn++;
			if (right - left >= 1) {
				pixels.fill(pixel, first, last);
				if (right - left >= 4 && run.start[row] > from)
					pixels[first] = darker(pixel);
				busy = last - 1;
				most = right - (last - 1);
				continue;
			}
			if (first !== busy || right - left > most) {
				pixels[Math.min(first, wide - 1)] = pixel;
				most = first === busy ? Math.max(most, right - left) : right - left;
				busy = first;
			}
		}
	}

	drawSegments(run, y) {
		run.segments.forEach((segment, i) => {
			const left = Math.max(this.x(segment.start), LABELS), right = this.x(segment.end);
			if (right <= LABELS || left >= LABELS + this.wide)
				return;
			this.context.fillStyle = i % 2 ? '#8a94a6' : '#6b7689';
			this.context.fillRect(left, y + 1, Math.max(Math.min(right,
				LABELS + this.wide) - left - 1, 0.5), LANE - 2);
			const name = segment.last > segment.first
				? `${run.nodes[segment.first]} .. ${run.nodes[segment.last]}`
				: run.nodes[segment.first] ?? '';
			this.putText(`segment ${i}: ${name}`, left, Math.min(right, LABELS + this.wide),
				y, '#fff');
		});
	}

	drawTexts(run, track, y) {
		const { from, to } = this.view, least = 40 / this.scale;
		for (let row = firstEndingAfter(run, track, from), seen = 0;
		     row < track.end && run.start[row] < to && seen < 4000; row++, seen++) {
			if (run.end[row] - run.start[row] < least)
				continue;
			const light = run.kind[row] !== 0 && /fill|drain|input|shard/
				.test(run.kinds[run.kind[row]]);
			const tile = run.microbatch[row] >= 0 && run.kind[row] === 0
				? ` mb ${run.microbatch[row]}` : '';
			this.putText(nameOfRow(run, row) + tile, Math.max(this.x(run.start[row]), LABELS),
				Math.min(this.x(run.end[row]), LABELS + this.wide), y,
				light ? '#222' : '#fff');
		}
	}

	// As much of the text as fits between two x.
	putText(text, left, right, y, colour) {
		const room = Math.floor((right - left - 6) / 5.8);
		if (room < 3)
			return;
		this.context.fillStyle = colour;
		this.context.fillText(text.length > room ? text.slice(0, room - 1) + '…' : text,
			left + 3, y + LANE / 2 + 0.5);
	}

	drawNames() {
		const { context } = this;
		context.fillStyle = this.ink('--panel');
		context.fillRect(0, AXIS, LABELS - 1, this.canvas.clientHeight);
		for (const item of this.shown) {
			const y = AXIS + item.y - this.scroll + item.height / 2;
			const name = item.title ?? item.group?.name ?? item.lane.name;
			const text = item.group ? `${item.group.folded ? '▸' : '▾'} ${name} (` +
				`${item.group.lanes.length})` : (item.pinned ? '★ ' : '') + name;
			context.font = `${item.lane ? '' : '600 '}11px system-ui, sans-serif`;
			context.fillStyle = this.ink(item.lane ? '--text' : '--soft');
			if (item.title)
				context.fillStyle = this.ink('--accent');
			const most = Math.floor((LABELS - (item.lane ? 26 : 12)) / 5.7);
			context.fillText(text.length > most ? text.slice(0, most - 1) + '…' : text,
				item.lane ? 20 : 8, y);
		}
		context.font = '11px system-ui, sans-serif';
	}

	drawAxis(width, height) {
		const { context } = this, span = this.view.to - this.view.from;
		context.fillStyle = this.ink('--paper');
		context.fillRect(0, 0, width, AXIS);
		let step = 10 ** Math.floor(Math.log10(span / 8));
		step *= span / 8 > 5 * step ? 10 : span / 8 > 2 * step ? 5 : span / 8 > step ? 2 : 1;
		context.strokeStyle = this.ink('--line');
		context.beginPath();
		for (let tick = Math.ceil(this.view.from / step) * step; tick <= this.view.to; tick += step) {
			const x = Math.round(this.x(tick)) + 0.5;
			context.moveTo(x, AXIS - 5);
			context.lineTo(x, AXIS);
			context.fillStyle = this.ink('--soft');
			if (x + 50 < width)
				context.fillText(timeText(tick), x + 3, AXIS / 2);
		}
		context.moveTo(0, AXIS + 0.5);
		context.lineTo(width, AXIS + 0.5);
		context.moveTo(LABELS - 0.5, 0);
		context.lineTo(LABELS - 0.5, height);
		context.stroke();
	}

	// The middle of a row's lane, if that is shown at all.
	yOfRow(run, row) {
		const item = this.list.find(one => one.lane?.run === run && one.lane.track &&
			row >= one.lane.track.first && row < one.lane.track.end);
		return item ? AXIS + item.y - this.scroll + item.height / 2 : null;
	}

	drawArrow(run, from, to, colour) {
		const y0 = this.yOfRow(run, from), y1 = this.yOfRow(run, to);
		if (y0 === null || y1 === null)
			return;
		const x0 = this.x(run.end[from]), x1 = Math.max(this.x(run.start[to]), x0 + 1);
		const { context } = this;
		context.strokeStyle = colour;
		context.lineWidth = 1.5;
		context.beginPath();
		context.moveTo(x0, y0);
		context.bezierCurveTo(x0 + 20, y0, x1 - 20, y1, x1, y1);
		context.stroke();
		context.lineWidth = 1;
	}

	outline(run, row, colour) {
		const y = this.yOfRow(run, row);
		if (y === null)
			return;
		this.context.strokeStyle = colour;
		this.context.lineWidth = 2;
		this.context.strokeRect(this.x(run.start[row]), y - LANE / 2 + 1,
			Math.max(this.x(run.end[row]) - this.x(run.start[row]), 2), LANE - 2);
		this.context.lineWidth = 1;
	}

	drawArrows() {
		this.context.save();
		this.context.beginPath();
		this.context.rect(LABELS, AXIS, this.wide, this.canvas.clientHeight);
		this.context.clip();
		if (this.path)
			this.path.rows.forEach(row => this.outline(this.path.run, row, '#e11'));
		if (this.chosen) {
			const { run, row } = this.chosen, anchor = this.tileOf(run, row);
			this.outline(run, row, this.ink('--text'));
			for (const from of run.inputs.get(anchor) ?? [])
				this.drawArrow(run, from, anchor, '#d9480f');
			for (const to of run.readers.get(anchor) ?? [])
				this.drawArrow(run, anchor, to, '#1864ab');
		}
		this.context.restore();
	}

	// Arrows are of clusters' rows: that of a chiplet's tile.
	tileOf(run, row) {
		const track = run.tracks.find(one => row >= one.first && row < one.end);
		if (track.kind !== CHIPLET)
			return row;
		for (const other of run.tracks.filter(one => one.kind === CLUSTER)) {
			const at = firstEndingAfter(run, other, run.start[row]);
			if (at < other.end && run.segment[at] === run.segment[row] &&
			    run.cluster[at] === run.cluster[row] && run.node[at] === run.node[row])
				return at;
		}
		return row;
	}

	drawMarks(height) {
		const { context } = this;
		if (this.box) {
			context.fillStyle = 'rgba(31, 95, 191, .18)';
			const x = Math.min(this.box.x0, this.box.x1);
			context.fillRect(x, Math.min(this.box.y0, this.box.y1),
				Math.abs(this.box.x1 - this.box.x0), Math.abs(this.box.y1 - this.box.y0));
		}
		context.strokeStyle = this.ink('--accent');
		for (const mark of this.marks) {
			context.beginPath();
			context.moveTo(this.x(mark), 0);
			context.lineTo(this.x(mark), height);
			context.stroke();
		}
		if (this.marks.length === 2) {
			const [a, b] = [...this.marks].sort((one, two) => one - two);
			context.fillStyle = this.ink('--accent');
			context.fillText(`${timeText(b - a)}`, (this.x(a) + this.x(b)) / 2 - 20, AXIS + 10);
		}
	}

	// ---- mouse and keys ----

	listen() {
		const { canvas } = this;
		let held = null;
		canvas.addEventListener('wheel', event => {
			event.preventDefault();
			if (event.ctrlKey || event.metaKey)
				this.zoom(Math.exp(event.deltaY * 0.002), event.offsetX);
			else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
				this.pan((event.deltaX || event.deltaY) / this.wide);
			else
				this.scrollBy(event.deltaY);
		}, { passive: false });
		canvas.addEventListener('pointerdown', event => {
			canvas.focus();
			canvas.setPointerCapture(event.pointerId);
			held = { x: event.offsetX, y: event.offsetY, view: { ...this.view },
				scroll: this.scroll, boxed: event.shiftKey || event.altKey,
				zooming: event.altKey, moved: false };
		});
		canvas.addEventListener('pointermove', event => {
			const { offsetX: x, offsetY: y } = event;
			this.mouse = { x, y };
			if (!held) {
				const name = x < LABELS ? this.itemAt(y)?.lane?.name : null;
				this.hooks.hover(name ? { name } : this.rowAt(x, y), event);
				return;
			}
			held.moved ||= Math.abs(x - held.x) + Math.abs(y - held.y) > 3;
			if (!held.moved)
				return;
			this.hooks.hover(null, event);
			if (held.boxed) {
				this.box = { x0: held.x, y0: held.y, x1: x, y1: y };
				this.ask();
				return;
			}
			const by = (held.x - x) / this.scale;
			this.setView(held.view.from + by, held.view.to + by);
			this.scroll = held.scroll;
			this.scrollBy(held.y - y);
		});
		canvas.addEventListener('pointerup', event => {
			const done = held;
			held = null;
			if (!done)
				return;
			if (!done.moved)
				this.click(event.offsetX, event.offsetY);
			else if (done.boxed)
				this.finishBox(done.zooming);
		});
		canvas.addEventListener('pointerleave', event => this.hooks.hover(null, event));
		canvas.addEventListener('dblclick', event => {
			const hit = this.rowAt(event.offsetX, event.offsetY);
			if (hit) {
				const { start, end } = hit.run, half = (end[hit.row] - start[hit.row]) / 2;
				this.setView(start[hit.row] - half, end[hit.row] + half);
			}
		});
		canvas.addEventListener('keydown', event => this.key(event));
	}

	key(event) {
		const at = this.mouse?.x, actions = {
			w: () => this.zoom(0.7, at), s: () => this.zoom(1 / 0.7, at),
			a: () => this.pan(-0.2), d: () => this.pan(0.2),
			ArrowLeft: () => this.pan(-0.1), ArrowRight: () => this.pan(0.1),
			ArrowUp: () => this.scrollBy(-3 * LANE), ArrowDown: () => this.scrollBy(3 * LANE),
			0: () => this.setView(0, this.endNs), m: () => this.mark(),
			Escape: () => this.forget(),
		}, action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
		if (!action || event.ctrlKey || event.metaKey)
			return;
		event.preventDefault();
		action();
	}

	mark() {
		if (!this.mouse)
			return;
		this.marks = this.marks.length === 2 ? [] : this.marks;
		this.marks.push(this.ns(this.mouse.x));
		this.ask();
	}

	forget() {
		Object.assign(this, { marks: [], chosen: null, box: null, path: null });
		this.hooks.chosen(null);
		this.ask();
	}

	click(x, y) {
		const item = this.itemAt(y);
		if (item?.group && x < LABELS) {
			item.group.folded = !item.group.folded;
			this.arrange();
		} else if (item?.lane?.track && x < LABELS) {
			const at = this.pinned.indexOf(item.lane);
			if (at >= 0)
				this.pinned.splice(at, 1);
			else
				this.pinned.push(item.lane);
			this.arrange();
		} else {
			this.chosen = this.rowAt(x, y);
			this.hooks.chosen(this.chosen);
			this.ask();
		}
	}

	// Alt: zoom into it. Shift: what is in it.
	finishBox(zooming) {
		const { x0, x1, y0, y1 } = this.box;
		const from = this.ns(Math.min(x0, x1)), to = this.ns(Math.max(x0, x1));
		this.box = null;
		if (zooming) {
			this.setView(from, to);
			return;
		}
		const top = Math.min(y0, y1), bottom = Math.max(y0, y1), lanes = this.list.filter(item =>
			item.lane?.track && AXIS + item.y - this.scroll < bottom &&
			AXIS + item.y + item.height - this.scroll > top);
		this.hooks.selected(from, to, lanes.map(item => item.lane));
		this.ask();
	}

	show(run, row) {
		const half = Math.max((run.end[row] - run.start[row]) * 4, 1);
		this.setView(run.start[row] - half, run.end[row] + half);
		const y = this.yOfRow(run, row);
		if (y !== null)
			this.scrollBy(y - this.canvas.clientHeight / 2);
	}
}
