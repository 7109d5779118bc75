'use strict';
// What stands where: runs above each other, in each groups of lanes that fold; and colours.

const LANE = 16, HEAD = 20, MANY = 40; // px; lanes of a group that is folded at first

const KIND_COLOURS = {
	load: '#7f3b08', gather: '#8e6bb0', transfer: '#1b7837', fetch: '#01665e', store: '#4aa89c',
	fill: '#ffe08a', drain: '#fdae61', wait_input: '#a6d96a', wait_dram: '#d7301f',
	back_pressure: '#ce4a9b', shard: '#bdbdbd', compute: '#2b6cb0',
};
const KIND_WORDS = {
	compute: 'compute', load: 'load weights', gather: 'gather weights', transfer: 'transfer',
	fetch: 'fetch', store: 'store', fill: 'fill', drain: 'drain', wait_input: 'wait for input',
	wait_dram: 'wait for DRAM', back_pressure: 'back pressure', shard: 'uneven shares',
};

// Hues a golden angle apart, cold ones: waiting is warm.
function nodeColour(node) {
	const hue = 150 + (node * 0.61803398875 % 1) * 140;
	return `hsl(${hue.toFixed(0)} 55% ${44 + node % 3 * 11}%)`;
}

const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

// A CSS colour as a pixel of ImageData.
function pixelOf(colour) {
	probe.clearRect(0, 0, 1, 1);
	probe.fillStyle = colour;
	probe.fillRect(0, 0, 1, 1);
	return new Uint32Array(probe.getImageData(0, 0, 1, 1).data.buffer)[0];
}

// Pixels by look: computing by its node, all else by its kind; skipped micro-batches paler.
function makePixels(run) {
	run.nodePixels = new Uint32Array(run.nodes.map((_, node) => pixelOf(nodeColour(node))));
	run.kindPixels = new Uint32Array(run.kinds.map(kind => pixelOf(KIND_COLOURS[kind])));
}

function pixelOfRow(run, row) {
	const kind = run.kind[row];
	return kind === 0 && run.node[row] >= 0 ? run.nodePixels[run.node[row]]
	                                        : run.kindPixels[kind];
}

function colourOfRow(run, row) {
	const kind = run.kind[row];
	return kind === 0 && run.node[row] >= 0 ? nodeColour(run.node[row])
	                                        : KIND_COLOURS[run.kinds[kind]];
}

function findSegments(run) {
	run.segments = [];
	for (const track of run.tracks) {
		if (track.kind !== CLUSTER)
			continue;
		for (let row = track.first; row < track.end; row++) {
			const at = run.segment[row], node = run.node[row];
			const segment = run.segments[at] ??=
				{ start: Infinity, end: -Infinity, first: Infinity, last: -1 };
			segment.start = Math.min(segment.start, run.start[row]);
			segment.end = Math.max(segment.end, run.end[row]);
			if (node >= 0) {
				segment.first = Math.min(segment.first, node);
				segment.last = Math.max(segment.last, node);
			}
		}
	}
}

// Where runs are compared only their segments and clusters are open at first.
function makeGroups(run, compared) {
	const names = [[CLUSTER, 'clusters'], [CHIPLET, 'chiplets'], [DRAM, 'DRAM channels'],
		[LINK, 'NoP links']];
	run.groups = [{ run, name: 'segments', folded: false, lanes: [{ run, segments: true,
		name: 'segments' }] }];
	for (const [kind, name] of names) {
		const lanes = run.tracks.filter(track => track.kind === kind).map(track => ({ run,
			track, name: track.label ? track.name.replace(/^segment (\d+) cluster (\d+)$/,
				'$1.$2') + '  ' + track.label : track.name }));
		if (lanes.length)
			run.groups.push({ run, name, lanes,
				folded: kind === LINK || kind !== CLUSTER && compared ||
					kind === CHIPLET && lanes.length > MANY });
	}
}

// Lanes from top to bottom with their y; pinned ones stand first.
function layOut(runs, pinned) {
	const list = [];
	let y = 0;
	const put = (item, height) => {
		list.push({ ...item, y, height });
		y += height;
	};
	for (const lane of pinned)
		put({ lane, pinned: true }, LANE);
	for (const run of runs) {
		if (runs.length > 1)
			put({ title: run.name, run }, HEAD);
		for (const group of run.groups) {
			put({ group, run }, HEAD);
			if (!group.folded)
				for (const lane of group.lanes)
					put({ lane, run }, LANE);
		}
	}
	return { list, height: y };
}

// The first row of a track that ends after `time`.
function firstEndingAfter(run, track, time) {
	let low = track.first, high = track.end;
	if (track.kind === LINK || track.kind === DRAM) // ends are not sorted where rows overlap
		time -= track.longest ??= longestRow(run, track);
	const times = track.kind === LINK || track.kind === DRAM ? run.start : run.end;
	while (low < high) {
		const middle = low + high >> 1;
		if (times[middle] <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

function longestRow(run, track) {
	let longest = 0;
	for (let row = track.first; row < track.end; row++)
		longest = Math.max(longest, run.end[row] - run.start[row]);
	return longest;
}

// "1.234 us"
function timeText(ns) {
	const size = Math.abs(ns);
	const [unit, scale] = size >= 1e6 ? ['ms', 1e6] : size >= 1e3 ? ['us', 1e3] : ['ns', 1];
	return `${+(ns / scale).toPrecision(6)} ${unit}`;
}

function amountText(run, row) {
	const amount = run.amount[row];
	if (run.kind[row] >= run.firstBubble)
		return '';
	return `${Math.round(amount).toLocaleString('en')} ${run.kind[row] === 0 ? 'MACs' : 'bytes'}`;
}

function nameOfRow(run, row) {
	const kind = KIND_WORDS[run.kinds[run.kind[row]]], node = run.nodes[run.node[row]];
	return run.kind[row] === 0 && node ? node
		: run.kind[row] < run.firstBubble && node ? `${kind} ${node}` : kind;
}
