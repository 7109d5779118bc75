/*
 * What runs at the same time as a span is all that started before it ends, without what had ended
 * when it started. So sums over time are enough: of what has started, per turn in a router, as a
 * list over time; and of what has ended, as it is while the spans are looked at in the order of
 * their starts.
 *
 * Invariant: messages come into routers over links and from chiplets only, so that what a link or
 * an ejection port carries is the sum of its turns. An injection port has one of its own, the
 * first.
 */
#include "sim/messages/replay_private.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Spans that overlap by less only seem to: what begins when another ends, but for rounding. */
#define PRECISION_NS 1e-9

/* What has started on a turn, up to and with the span that starts at `start_ns`. */
struct started {
	double start_ns, bytes;
};

struct turn {
	struct started *started; /* in the order of starts; a part of sums->all */
	uint32_t count;
	uint32_t at; /* where the last search ended */
	double ended_bytes;
	uint32_t ended;
};

struct sums {
	struct map_network *network;
	const struct sim_messages *messages;
	const uint32_t *order;
	const struct sim_replay_span *spans;
	uint32_t count;
	struct turn *turns; /* [resource * ways + input] */
	struct started *all;
	uint32_t *used; /* resources that some span uses */
	uint32_t used_count;
	double *starts_ns; /* sorted */
	struct map_phase part, group;
};

/* When the span is over, for those that start then. */
static double over_ns(const struct sim_replay_span *span)
{
	return span->end_ns - PRECISION_NS - 4 * DBL_EPSILON * span->end_ns;
}

static gint compare_starts(gconstpointer a, gconstpointer b, gpointer data)
{
	const struct sim_replay_span *spans = data;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	double left_ns = spans[left].start_ns, right_ns = spans[right].start_ns;
	return left_ns != right_ns ? (left_ns > right_ns) - (left_ns < right_ns)
	                           : (left > right) - (left < right);
}

static gint compare_ends(gconstpointer a, gconstpointer b, gpointer data)
{
	const struct sim_replay_span *spans = data;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	double left_ns = over_ns(&spans[left]), right_ns = over_ns(&spans[right]);
	return left_ns != right_ns ? (left_ns > right_ns) - (left_ns < right_ns)
	                           : (left > right) - (left < right);
}

/* Spans, by when they start or by when they are over. */
static uint32_t *sorted(const struct sums *s, GCompareDataFunc compare)
{
	uint32_t *by = g_new(uint32_t, s->count);
	for (uint32_t i = 0; i < s->count; i++)
		by[i] = i;
	g_qsort_with_data(by, (gint)s->count, sizeof *by, compare, (gpointer)s->spans);
	return by;
}

/* The span's messages, as a phase. */
static const struct map_phase *part_of(struct sums *s, uint32_t index)
{
	const struct sim_replay_span *span = &s->spans[index];
	map_phase_clear(&s->part);
	for (uint32_t i = span->first; i < span->end; i++)
		sim_replay_send(s->network, &s->part, &s->messages->at[s->order[i]]);
	return &s->part;
}

static bool is_injection(const struct sums *s, uint32_t resource)
{
	return hw_resource_kind(s->network->package, resource) == HW_INJECT;
}

/* Of the phase's bytes, those that take the turn. */
static double turn_bytes(const struct sums *s, const struct map_phase *phase, uint32_t resource,
                         unsigned input)
{
	if (is_injection(s, resource))
		return input == 0 ? phase->bytes[resource] : 0;
	return phase->turns[resource * s->network->routers.ways + input];
}

/* ---- over time ---- */

static void count_turns(struct sums *s)
{
	uint32_t resources = hw_resource_count(s->network->package);
	size_t total = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct map_phase *part = part_of(s, i);
		for (unsigned t = 0; t < part->touched_count; t++)
			for (unsigned input = 0; input < s->network->routers.ways; input++)
				if (turn_bytes(s, part, part->touched[t], input) > 0) {
					s->turns[part->touched[t] * s->network->routers.ways +
					         input]
						.count++;
					total++;
				}
	}
	s->all = g_new(struct started, total);
	struct started *next = s->all;
	for (uint32_t r = 0; r < resources; r++) {
		uint32_t uses = 0;
		for (unsigned input = 0; input < s->network->routers.ways; input++) {
			struct turn *turn = &s->turns[r * s->network->routers.ways + input];
			turn->started = next;
			next += turn->count;
			uses += turn->count;
			turn->count = 0;
		}
		if (uses > 0)
			s->used[s->used_count++] = r;
	}
}

static void list_starts(struct sums *s, const uint32_t *by_start)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const struct map_phase *part = part_of(s, by_start[i]);
		for (unsigned t = 0; t < part->touched_count * s->network->routers.ways; t++) {
			uint32_t r = part->touched[t / s->network->routers.ways];
			double bytes = turn_bytes(s, part, r, t % s->network->routers.ways);
			struct turn *turn = &s->turns[r * s->network->routers.ways +
			                              t % s->network->routers.ways];
			if (bytes <= 0)
				continue;
			double before = turn->count ? turn->started[turn->count - 1].bytes : 0;
			turn->started[turn->count++] =
				(struct started){ s->spans[by_start[i]].start_ns, before + bytes };
		}
	}
}

static void note_ended(struct sums *s, uint32_t index)
{
	const struct map_phase *part = part_of(s, index);
	for (unsigned t = 0; t < part->touched_count * s->network->routers.ways; t++) {
		uint32_t r = part->touched[t / s->network->routers.ways];
		double bytes = turn_bytes(s, part, r, t % s->network->routers.ways);
		struct turn *turn =
			&s->turns[r * s->network->routers.ways + t % s->network->routers.ways];
		turn->ended_bytes += bytes;
		turn->ended += bytes > 0;
	}
}

/* How many on the turn have started before `until_ns`. Spans end nearly in the order in which they
 * start, so the last answer is near. */
static uint32_t started_before(struct turn *turn, double until_ns)
{
	const struct started *list = turn->started;
	uint32_t low = turn->at, high = turn->at, step = 1;
	while (low > 0 && list[low - 1].start_ns >= until_ns) {
		high = low - 1;
		low = low > step ? low - step : 0;
		step *= 2;
	}
	for (step = 1; high < turn->count && list[high].start_ns < until_ns; step *= 2) {
		low = high + 1;
		high = turn->count - high > step ? high + step : turn->count;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (list[middle].start_ns < until_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return turn->at = low;
}

/* Sums up what starts before `until_ns` and has not ended. */
static void sum_group(struct sums *s, double until_ns)
{
	struct map_phase *group = &s->group;
	map_phase_clear(group);
	for (uint32_t u = 0; u < s->used_count; u++) {
		uint32_t r = s->used[u];
		double sum = 0;
		for (unsigned input = 0; input < s->network->routers.ways; input++) {
			struct turn *turn = &s->turns[r * s->network->routers.ways + input];
			uint32_t started = turn->count ? started_before(turn, until_ns) : 0;
			if (started <= turn->ended)
				continue;
			double bytes = turn->started[started - 1].bytes - turn->ended_bytes;
			sum += bytes;
			if (!is_injection(s, r))
				group->turns[r * s->network->routers.ways + input] = bytes;
		}
		if (sum <= 0)
			continue;
		group->bytes[r] = sum;
		group->touched[group->touched_count++] = r;
	}
}

/* ---- factors ---- */

static uint32_t before(const double *times_ns, uint32_t count, double until_ns)
{
	uint32_t low = 0, high = count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (times_ns[middle] < until_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* `ended`: of all spans, when this one starts. */
static double factor_of(struct sums *s, uint32_t index, uint32_t ended)
{
	const struct sim_replay_span *span = &s->spans[index];
	double until_ns = over_ns(span);
	/* What takes no time has no share in anything, and one of those at once is itself. */
	if (until_ns <= span->start_ns || before(s->starts_ns, s->count, until_ns) <= ended + 1)
		return 1;
	sum_group(s, until_ns);
	const struct map_phase *part = part_of(s, index);
	return map_part_slowdown(s->network, &s->group, part) /
	       map_phase_slowdown(s->network, part);
}

static void sums_init(struct sums *s)
{
	const struct hw_package *package = s->network->package;
	uint32_t resources = hw_resource_count(package);
	s->turns = g_new0(struct turn, (size_t)resources * s->network->routers.ways);
	s->used = g_new(uint32_t, resources);
	s->starts_ns = g_new(double, s->count);
	map_phase_init(&s->part, package);
	map_phase_init(&s->group, package);
}

static void sums_release(struct sums *s)
{
	map_phase_release(&s->part);
	map_phase_release(&s->group);
	g_free(s->turns);
	g_free(s->all);
	g_free(s->used);
	g_free(s->starts_ns);
}

double *sim_replay_factors(struct map_network *network, const struct sim_messages *messages,
                           const uint32_t *order, const GArray *spans)
{
	struct sums s = { .network = network,
		          .messages = messages,
		          .order = order,
		          .spans = (const struct sim_replay_span *)(const void *)spans->data,
		          .count = spans->len };
	double *factors = g_new(double, s.count);
	sums_init(&s);
	g_autofree uint32_t *by_start = sorted(&s, compare_starts);
	g_autofree uint32_t *by_end = sorted(&s, compare_ends);
	for (uint32_t i = 0; i < s.count; i++)
		s.starts_ns[i] = s.spans[by_start[i]].start_ns;
	count_turns(&s);
	list_starts(&s, by_start);
	for (uint32_t i = 0, ended = 0; i < s.count; i++) {
		const struct sim_replay_span *span = &s.spans[by_start[i]];
		for (; ended < s.count && over_ns(&s.spans[by_end[ended]]) <= span->start_ns;
		     ended++)
			note_ended(&s, by_end[ended]);
		factors[by_start[i]] = factor_of(&s, by_start[i], ended);
	}
	sums_release(&s);
	return factors;
}
