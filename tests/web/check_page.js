// Does report.html work in a browser: drawing, zooming, hovering, folding, searching, sums, arrows,
// comparison, dark mode? Usage: node check_page.js FOLDER-OF-RUNS [FOLDER-FOR-SCREENSHOTS]
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const runs = path.resolve(process.argv[2]), shots = process.argv[3];
const WIDTH = 1400, HEIGHT = 900, LABELS = 250;

async function open(browser, file, colorScheme = 'light') {
	const context = await browser.newContext({ viewport: { width: WIDTH, height: HEIGHT },
		colorScheme });
	const page = await context.newPage();
	page.errors = [];
	page.on('console', message => {
		if (message.type() === 'error')
			page.errors.push(message.text());
	});
	page.on('pageerror', error => page.errors.push(String(error)));
	await page.goto('file://' + path.join(runs, file));
	await page.waitForFunction(() => window.page?.gantt?.drawn > 0);
	return page;
}

async function shot(page, name) {
	if (shots)
		await page.screenshot({ path: path.join(shots, name + '.png') });
}

const frame = page => page.evaluate(() => new Promise(done =>
	requestAnimationFrame(() => requestAnimationFrame(done))));

// Rows of the lanes that are shown, within the view: what must have been drawn.
const visible = page => page.evaluate(() => {
	const { gantt } = window.page, { from, to } = gantt.view;
	let count = 0;
	for (const { lane } of gantt.shown.filter(item => item.lane?.track))
		for (let row = lane.track.first; row < lane.track.end; row++)
			count += lane.run.end[row] > from && lane.run.start[row] < to;
	return [count, gantt.drawn];
});

// The middle of the longest computing row of a cluster, on the canvas.
const aTile = page => page.evaluate(() => {
	const { gantt } = window.page;
	const item = gantt.list.find(one => one.lane?.track?.kind === 0 &&
		one.lane.run.readers.has(one.lane.track.first + 1)) ??
		gantt.list.find(one => one.lane?.track?.kind === 0);
	const { run, track } = item.lane;
	let best = -1;
	for (let row = track.first; row < track.end; row++)
		if (run.kind[row] === 0 && run.readers.has(row) &&
		    (best < 0 || run.end[row] - run.start[row] > run.end[best] - run.start[best]))
			best = row;
	gantt.setView(run.start[best] - 100, run.end[best] + 100);
	const box = gantt.canvas.getBoundingClientRect();
	return { x: box.x + gantt.x((run.start[best] + run.end[best]) / 2),
		y: box.y + gantt.yOfRow(run, best), node: run.nodes[run.node[best]], row: best,
		readers: run.readers.get(best).length };
});

const tests = {
	async 'draws what is there, at two zooms'(browser) {
		const page = await open(browser, 'scope/report.html');
		const [count, drawn] = await visible(page);
		assert.equal(drawn, count);
		assert.ok(count > 1000);
		await shot(page, 'whole');
		await page.evaluate(() => window.page.gantt.setView(0, window.page.gantt.endNs / 20));
		await frame(page);
		const [fewer, drawnFewer] = await visible(page);
		assert.equal(drawnFewer, fewer);
		assert.ok(fewer > 0 && fewer < count / 2);
		await shot(page, 'zoomed');
		return page;
	},

	async 'keys zoom and pan'(browser) {
		const page = await open(browser, 'scope/report.html');
		const view = () => page.evaluate(() => window.page.gantt.view);
		const span = ({ from, to }) => to - from, before = await view();
		await page.focus('#gantt canvas');
		await page.keyboard.press('w');
		const closer = await view();
		assert.ok(Math.abs(span(closer) / span(before) - 0.7) < 1e-9);
		await page.keyboard.press('ArrowRight');
		assert.ok((await view()).from > closer.from);
		await page.keyboard.press('0');
		assert.ok(Math.abs(span(await view()) / span(before) - 1) < 1e-9);
		return page;
	},

	async 'hovering says what, a click draws arrows'(browser) {
		const page = await open(browser, 'scope/report.html'), tile = await aTile(page);
		await frame(page);
		await page.mouse.move(tile.x, tile.y);
		const tip = await page.textContent('#tip');
		assert.ok(await page.isVisible('#tip'));
		for (const part of [tile.node, 'micro-batch', ' to ', 'MACs'])
			assert.ok(tip.includes(part), `${part} is not in ${tip}`);
		const inked = () => page.evaluate(() => {
			const { canvas } = window.page.gantt;
			const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
			let sum = 0; // of what a pixel's place and colour make: changes with any arrow
			for (let i = 0; i < data.length; i += 4)
				sum = (sum * 31 + data[i] + data[i + 1] * 3 + data[i + 2] * 7) % 1000003;
			return sum;
		});
		await page.evaluate(() => window.page.gantt.zoom(40));
		await frame(page);
		const before = await inked(), again = await page.evaluate(row => {
			const { gantt } = window.page, run = gantt.runs[0];
			const box = gantt.canvas.getBoundingClientRect();
			return { x: box.x + gantt.x((run.start[row] + run.end[row]) / 2),
				y: box.y + gantt.yOfRow(run, row) };
		}, tile.row);
		await page.mouse.click(again.x, again.y);
		await frame(page);
		assert.equal(await page.evaluate(() => window.page.gantt.chosen.row), tile.row);
		const chosen = await inked();
		await shot(page, 'chosen');
		assert.notEqual(chosen, before);
		await page.evaluate(() => { // an outline alone, without arrows
			const run = window.page.gantt.runs[0];
			run.readers = new Map();
			run.inputs = new Map();
			window.page.gantt.ask();
		});
		await frame(page);
		assert.notEqual(await inked(), chosen);
		assert.ok((await page.textContent('#panel')).includes(tile.node));
		return page;
	},

	async 'groups fold and lanes are pinned'(browser) {
		const page = await open(browser, 'scope/report.html');
		const lanes = () => page.evaluate(() => window.page.gantt.list.length);
		const box = await page.locator('#gantt canvas').boundingBox(), before = await lanes();
		const place = name => page.evaluate(wanted => {
			const { gantt } = window.page;
			const item = gantt.list.find(one => (one.group?.name ?? one.lane?.name) === wanted);
			return 24 + item.y - gantt.scroll + item.height / 2;
		}, name);
		await page.mouse.click(box.x + 40, box.y + await place('clusters'));
		const folded = await lanes();
		assert.ok(folded < before);
		await page.mouse.click(box.x + 40, box.y + await place('clusters'));
		assert.equal(await lanes(), before);
		await page.mouse.click(box.x + 60, box.y + await place('chiplet 0,0'));
		assert.equal(await page.evaluate(() => window.page.gantt.list[0].lane.name), 'chiplet 0,0');
		return page;
	},

	async 'a search dims the others and goes to the next'(browser) {
		const page = await open(browser, 'scope/report.html');
		await page.fill('#search', 'classifier');
		assert.match(await page.textContent('#found'), /^3 nodes, \d+ tiles$/);
		await page.press('#search', 'Enter');
		await frame(page);
		const [name, inside] = await page.evaluate(() => {
			const [run, row] = window.page.hits[0], { from, to } = window.page.gantt.view;
			return [run.nodes[run.node[row]], run.start[row] >= from && run.end[row] <= to];
		});
		assert.match(name, /classifier/);
		assert.ok(inside);
		return page;
	},

	async 'sums are those of the report'(browser) {
		const page = await open(browser, 'scope/report.html');
		const [busy, bytes, hops, ns] = await page.evaluate(() => {
			const run = window.page.runs[0];
			let busyNs = 0, dramBytes = 0, linkBytes = 0;
			for (const track of run.tracks)
				for (let row = track.first; row < track.end; row++) {
					if (track.kind === 1 && run.kind[row] === 0)
						busyNs += run.end[row] - run.start[row];
					dramBytes += track.kind === 3 ? run.amount[row] : 0;
					linkBytes += track.kind === 2 ? run.amount[row] : 0;
				}
			return [busyNs, dramBytes, linkBytes, run.end_ns];
		});
		const report = JSON.parse(fs.readFileSync(path.join(runs, 'scope/report.json')));
		const sim = report.simulated, near = (a, b, part) => assert.ok(Math.abs(a - b) <= part * b,
			`${a} is not ${b}`);
		near(busy, sim.busy_ns, 1e-5);
		near(bytes, sim.dram_read_bytes + sim.dram_write_bytes, 1e-6);
		near(hops, sim.nop_byte_hops, 1e-6);
		near(ns, sim.latency_ns, 1e-9);
		const box = await page.locator('#gantt canvas').boundingBox();
		await page.keyboard.down('Shift');
		await page.mouse.move(box.x + LABELS + 2, box.y + 60);
		await page.mouse.down();
		await page.mouse.move(box.x + LABELS + 400, box.y + 130, { steps: 5 });
		await page.mouse.up();
		await page.keyboard.up('Shift');
		const [sum, expected] = await page.evaluate(() => {
			const { from, to, rows } = window.page.sums, run = window.page.runs[0];
			const all = rows.reduce((total, row) => total + row.us, 0) * 1e3;
			const { gantt } = window.page;
			const tracks = gantt.list.filter(item => item.lane?.track && 24 + item.y < 130 &&
				24 + item.y + item.height > 60).map(item => item.lane.track);
			let time = 0;
			for (const track of tracks)
				for (let row = track.first; row < track.end; row++)
					time += Math.max(0, Math.min(run.end[row], to) - Math.max(run.start[row], from));
			return [all, time];
		});
		assert.ok(expected > 0);
		near(sum, expected, 1e-9);
		return page;
	},

	async 'tables have every layer, sort and become CSV'(browser) {
		const page = await open(browser, 'scope/report.html');
		await page.click('[data-tab=layers]');
		assert.equal(await page.locator('#panel tbody tr').count(), 8);
		await page.click('#panel th[data-key=mac_percent]');
		const shares = await page.$$eval('#panel tbody tr td:nth-child(9)',
			cells => cells.map(cell => +cell.textContent));
		assert.deepEqual(shares, [...shares].sort((a, b) => b - a));
		const csv = await page.evaluate(() => document.querySelector('#panel table').parentNode.csv());
		assert.equal(csv.split('\n').length, 9);
		await page.click('[data-tab=package]');
		assert.equal(await page.locator('#panel svg rect').count(), 36);
		await shot(page, 'package');
		return page;
	},

	async 'the critical path is as long as the run'(browser) {
		const page = await open(browser, 'scope/report.html');
		await page.click('#critical');
		await frame(page);
		const [sum, end, count] = await page.evaluate(() => {
			const { path: chain, endNs } = window.page.gantt;
			return [Object.values(chain.sums).reduce((a, b) => a + b, 0), endNs, chain.rows.length];
		});
		assert.ok(count > 3);
		assert.ok(sum <= end * 1.001 && sum > end * 0.8, `${sum} of ${end}`);
		return page;
	},

	async 'strategies stand above each other'(browser) {
		const page = await open(browser, 'report.html');
		const titles = await page.evaluate(() =>
			window.page.gantt.list.filter(item => item.title).map(item => item.title));
		assert.deepEqual(titles, ['sequential', 'scope']);
		assert.equal(await page.evaluate(() => window.page.gantt.endNs), await page.evaluate(() =>
			Math.max(...window.page.runs.map(run => run.end_ns))));
		await page.selectOption('nav select', '1');
		assert.match(await page.textContent('#panel'), /scope/);
		await shot(page, 'comparison');
		return page;
	},

	async 'dark where that is wished for'(browser) {
		const page = await open(browser, 'scope/report.html', 'dark');
		const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
		assert.equal(await paper(), 'rgb(21, 23, 27)');
		await page.click('#theme');
		assert.equal(await paper(), 'rgb(255, 255, 255)');
		return page;
	},
};

(async () => {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM,
		args: ['--no-sandbox'] });
	let failed = 0;
	for (const [name, test] of Object.entries(tests)) {
		try {
			const page = await test(browser);
			assert.deepEqual(page.errors, []);
			await page.context().close();
			console.log(`ok   ${name}`);
		} catch (error) {
			failed++;
			console.log(`FAIL ${name}: ${error.stack}`);
		}
	}
	await browser.close();
	console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
	process.exitCode = failed ? 1 : 0;
})();
