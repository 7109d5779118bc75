/*
 * Invariant: a class in flight has members, and its clock stood at `clock` at since_ns and has gone
 * on at `rate` from then on. `ends` holds the classes in flight by when their first member ends.
 */
#include "sim/flow_classes.h"

#include "hw/routes.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Flows that end within this of each other end together. */
#define PRECISION_NS 1e-9
/* Loads that differ by this part are the same: sums of the same bytes in another order. */
#define ROUNDING_BITS 40

struct flow_member {
	double finish; /* on the class's clock */
	struct sim_ready instance;
};

struct flow_class {
	uint32_t first_load, load_count;
	uint32_t even;  /* in f->even; SIM_NONE: its loads differ */
	uint32_t place; /* in f->ends */
	uint32_t count, room;
	struct flow_member *members; /* a heap, the next to end on top */
	double rate, clock, since_ns, end_ns;
};

static struct flow_class *class_at(const struct flow_classes *f, uint32_t index)
{
	return &g_array_index(f->classes, struct flow_class, index);
}

/* ---- classes ---- */

/* To so many bits of the largest, which is 1. */
static double rounded(double part)
{
	return ldexp(nearbyint(ldexp(part, ROUNDING_BITS)), -ROUNDING_BITS);
}

static gint compare_loads(gconstpointer a, gconstpointer b)
{
	uint32_t left = ((const struct fair_load *)a)->resource,
		 right = ((const struct fair_load *)b)->resource;
	return (left > right) - (left < right);
}

static uint32_t new_class(struct flow_classes *f, const struct fair_load *loads, uint32_t count)
{
	struct flow_class added = { .first_load = f->loads->len,
		                    .load_count = count,
		                    .even = SIM_NONE };
	g_autofree uint32_t *resources = g_new(uint32_t, count);
	bool even = true;
	g_array_append_vals(f->loads, loads, count);
	for (uint32_t i = 0; i < count; i++) {
		resources[i] = loads[i].resource;
		even = even && loads[i].bytes >= 1;
	}
	if (even) {
		added.even = max_min_add_class(&f->even, resources, count);
		g_array_append_val(f->of_even, f->classes->len);
	}
	g_array_append_val(f->classes, added);
	return f->classes->len - 1;
}

/* The class of an activity, and how much of it that is. `known`: classes by their loads. */
static void classify(struct flow_classes *f, const struct sim_lone_times *lone, uint32_t activity,
                     GArray *loads, GHashTable *known)
{
	const struct sim_lone *own = &lone->activities[activity];
	const struct fair_load *needs = &g_array_index(lone->loads, struct fair_load,
	                                               own->first_load);
	double most = 0;
	g_array_set_size(loads, own->load_count);
	for (uint32_t i = 0; i < own->load_count; i++)
		most = MAX(most, needs[i].bytes);
	for (uint32_t i = 0; i < own->load_count; i++) {
		struct fair_load *load = &g_array_index(loads, struct fair_load, i);
		load->resource = needs[i].resource;
		load->bytes = MAX(rounded(needs[i].bytes / most), DBL_MIN);
	}
	g_array_sort(loads, compare_loads);
	GBytes *key = g_bytes_new(loads->data, loads->len * sizeof(struct fair_load));
	uint32_t found = GPOINTER_TO_UINT(g_hash_table_lookup(known, key));
	if (found == 0) {
		found = 1 + new_class(f, (const struct fair_load *)(const void *)loads->data,
		                      loads->len);
		g_hash_table_insert(known, key, GUINT_TO_POINTER(found));
	} else {
		g_bytes_unref(key);
	}
	f->class_of[activity] = found - 1;
	f->amount[activity] = most;
}

void flow_classes_init(struct flow_classes *f, const struct sim_lone_times *lone,
                       uint32_t activities, const struct hw_package *package)
{
	uint32_t resources = hw_resource_count(package);
	g_autofree double *GBps = g_new(double, resources);
	for (uint32_t r = 0; r < resources; r++)
		GBps[r] = hw_resource_GBps(package, r);
	*f = (struct flow_classes){
		.class_of = g_new(uint32_t, activities),
		.amount = g_new(double, activities),
		.classes = g_array_new(FALSE, FALSE, sizeof(struct flow_class)),
		.loads = g_array_new(FALSE, FALSE, sizeof(struct fair_load)),
		.of_even = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
	};
	max_min_init(&f->even, GBps, resources);
	fair_share_init(&f->share, GBps, resources);
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
	                                                    (GDestroyNotify)g_bytes_unref, NULL);
	/* Zeroed: the keys have padding. */
	g_autoptr(GArray) loads = g_array_new(FALSE, TRUE, sizeof(struct fair_load));
	for (uint32_t a = 0; a < activities; a++)
		if (lone->activities[a].load_count > 0)
			classify(f, lone, a, loads, known);
	f->ends = g_new(uint32_t, MAX(f->classes->len, 1));
	f->users = g_new(struct fair_user, MAX(f->classes->len, 1));
	f->user_class = g_new(uint32_t, MAX(f->classes->len, 1));
}

void flow_classes_release(struct flow_classes *f)
{
	for (guint c = 0; c < f->classes->len; c++)
		g_free(class_at(f, c)->members);
	g_array_unref(f->classes);
	g_array_unref(f->loads);
	g_array_unref(f->of_even);
	max_min_release(&f->even);
	fair_share_release(&f->share);
	g_free(f->class_of);
	g_free(f->amount);
	g_free(f->users);
	g_free(f->user_class);
	g_free(f->ends);
}

/* ---- members ---- */

static bool ends_before(const struct flow_member *a, const struct flow_member *b)
{
	if (a->finish != b->finish)
		return a->finish < b->finish;
	return a->instance.microbatch != b->instance.microbatch
	               ? a->instance.microbatch < b->instance.microbatch
	               : a->instance.task < b->instance.task;
}

static void push_member(struct flow_class *c, struct flow_member member)
{
	if (c->count == c->room) {
		c->room = MAX(2 * c->room, 4);
		c->members = g_renew(struct flow_member, c->members, c->room);
	}
	uint32_t hole = c->count++;
	for (; hole > 0 && ends_before(&member, &c->members[(hole - 1) / 2]); hole = (hole - 1) / 2)
		c->members[hole] = c->members[(hole - 1) / 2];
	c->members[hole] = member;
}

static struct flow_member pop_member(struct flow_class *c)
{
	struct flow_member *heap = c->members, top = heap[0], last = heap[--c->count];
	uint32_t hole = 0, child;
	while ((child = 2 * hole + 1) < c->count) {
		if (child + 1 < c->count && ends_before(&heap[child + 1], &heap[child]))
			child++;
		if (!ends_before(&heap[child], &last))
			break;
		heap[hole] = heap[child];
		hole = child;
	}
	heap[hole] = last;
	return top;
}

/* ---- the next to end ---- */

static bool class_ends_before(const struct flow_classes *f, uint32_t a, uint32_t b)
{
	double a_ns = class_at(f, a)->end_ns, b_ns = class_at(f, b)->end_ns;
	return a_ns != b_ns ? a_ns < b_ns : a < b;
}

static void put_at(struct flow_classes *f, uint32_t place, uint32_t class)
{
	f->ends[place] = class;
	class_at(f, class)->place = place;
}

static void sift_up(struct flow_classes *f, uint32_t hole)
{
	uint32_t moved = f->ends[hole];
	for (; hole > 0 && class_ends_before(f, moved, f->ends[(hole - 1) / 2]);
	     hole = (hole - 1) / 2)
		put_at(f, hole, f->ends[(hole - 1) / 2]);
	put_at(f, hole, moved);
}

static void sift_down(struct flow_classes *f, uint32_t hole)
{
	uint32_t moved = f->ends[hole], child;
	while ((child = 2 * hole + 1) < f->in_flight) {
		if (child + 1 < f->in_flight &&
		    class_ends_before(f, f->ends[child + 1], f->ends[child]))
			child++;
		if (!class_ends_before(f, f->ends[child], moved))
			break;
		put_at(f, hole, f->ends[child]);
		hole = child;
	}
	put_at(f, hole, moved);
}

static void move(struct flow_classes *f, uint32_t class)
{
	sift_up(f, class_at(f, class)->place);
	sift_down(f, class_at(f, class)->place);
}

static void take_from_ends(struct flow_classes *f, uint32_t class)
{
	uint32_t place = class_at(f, class)->place, last = f->ends[--f->in_flight];
	if (last == class)
		return;
	put_at(f, place, last);
	move(f, last);
}

/* ---- rates ---- */

static void bring_clock_up(const struct flow_classes *f, struct flow_class *c)
{
	c->clock += c->rate * (f->now_ns - c->since_ns);
	c->since_ns = f->now_ns;
}

static void find_end(struct flow_class *c)
{
	double left = MAX(c->members[0].finish - c->clock, 0);
	c->end_ns = c->rate > 0 ? c->since_ns + left / c->rate : INFINITY;
}

/* Returns whether the class's end moved. */
static bool set_rate(struct flow_classes *f, uint32_t class, double rate)
{
	struct flow_class *c = class_at(f, class);
	if (c->rate == rate)
		return false;
	bring_clock_up(f, c);
	c->rate = rate;
	find_end(c);
	return true;
}

/* All ends have moved, or most. */
static void sort_ends(struct flow_classes *f)
{
	for (uint32_t i = f->in_flight / 2; i-- > 0;)
		sift_down(f, i);
}

static void share_evenly(struct flow_classes *f)
{
	max_min_solve(&f->even);
	bool most = f->even.solved_count > f->in_flight / 8;
	for (uint32_t i = 0; i < f->even.solved_count; i++) {
		uint32_t even = f->even.solved[i];
		uint32_t class = g_array_index(f->of_even, uint32_t, even);
		if (set_rate(f, class, f->even.classes[even].rate) && !most)
			move(f, class);
	}
	if (most)
		sort_ends(f);
}

/* In the order of classes, so that the history does not matter. */
static void share_unevenly(struct flow_classes *f)
{
	uint32_t users = 0;
	for (guint i = 0; i < f->classes->len; i++) {
		const struct flow_class *c = class_at(f, i);
		if (c->count == 0)
			continue;
		f->user_class[users] = i;
		f->users[users++] = (struct fair_user){
			.loads = &g_array_index(f->loads, struct fair_load, c->first_load),
			.load_count = c->load_count,
			.flows = c->count,
			.cap = INFINITY
		};
	}
	fair_share_solve(&f->share, f->users, users);
	for (uint32_t u = 0; u < users; u++)
		set_rate(f, f->user_class[u], f->users[u].rate);
	sort_ends(f);
	f->even.stale = true;
}

/* ---- flows ---- */

static void note_flows(struct flow_classes *f, const struct flow_class *c)
{
	if (c->even != SIM_NONE)
		max_min_set_flows(&f->even, c->even, c->count);
	f->changed = true;
}

void flow_classes_add(struct flow_classes *f, struct sim_ready instance, uint32_t activity)
{
	uint32_t class = f->class_of[activity];
	struct flow_class *c = class_at(f, class);
	if (c->count == 0) {
		c->clock = 0;
		c->rate = 0;
		c->since_ns = f->now_ns;
		f->uneven += c->even == SIM_NONE;
		c->end_ns = INFINITY;
		put_at(f, f->in_flight++, class);
	}
	bring_clock_up(f, c);
	push_member(c, (struct flow_member){ c->clock + f->amount[activity], instance });
	find_end(c);
	move(f, class);
	note_flows(f, c);
}

double flow_classes_next_end_ns(struct flow_classes *f)
{
	if (f->changed && f->uneven > 0)
		share_unevenly(f);
	else if (f->changed)
		share_evenly(f);
	f->changed = false;
	return f->in_flight > 0 ? class_at(f, f->ends[0])->end_ns : INFINITY;
}

void flow_classes_advance(struct flow_classes *f, double now_ns)
{
	f->now_ns = now_ns;
}

bool flow_classes_take_ended(struct flow_classes *f, struct sim_ready *ended)
{
	double until_ns = f->now_ns + PRECISION_NS + 4.0 * DBL_EPSILON * f->now_ns;
	if (f->in_flight == 0)
		return false;
	struct flow_class *c = class_at(f, f->ends[0]);
	if (c->end_ns > until_ns)
		return false;
	bring_clock_up(f, c);
	*ended = pop_member(c).instance;
	if (c->count > 0) {
		find_end(c);
		sift_down(f, 0);
	} else {
		f->uneven -= c->even == SIM_NONE;
		take_from_ends(f, f->ends[0]);
	}
	note_flows(f, c);
	return true;
}
