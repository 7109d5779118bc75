/*
 * Invariant: a class in flight has members, and its clock stood at `clock` at since_ns and has gone
 * on at `rate` from then on; its first member ends at end_ns. INFINITY for other classes.
 */
#include "sim/messages/flow_classes.h"

#include "hw/base/heap.h"

#include "hw/resources.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Flows that end within this of each other end together. */
#define PRECISION_NS 1e-9
/* Loads that differ by this part are the same: sums of the same bytes in another order. */
#define ROUNDING_BITS 40
/* Classes of which the next to end is kept. */
#define BLOCK 64u

struct flow_member {
	double finish; /* on the class's clock */
	struct sim_ready instance;
};

static bool ends_before(const struct flow_member *a, const struct flow_member *b)
{
	if (a->finish != b->finish)
		return a->finish < b->finish;
	return a->instance.microbatch != b->instance.microbatch
	               ? a->instance.microbatch < b->instance.microbatch
	               : a->instance.task < b->instance.task;
}

HW_HEAP(member_heap, struct flow_member, ends_before)

struct flow_class {
	uint32_t first_load, load_count;
	bool even;                  /* its loads are equal */
	struct member_heap members; /* the next to end on top */
	double rate, clock, since_ns;
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
		                    .even = true };
	g_autofree uint32_t *resources = g_new(uint32_t, count);
	g_array_append_vals(f->loads, loads, count);
	for (uint32_t i = 0; i < count; i++) {
		resources[i] = loads[i].resource;
		added.even = added.even && loads[i].bytes >= 1;
	}
	g_array_append_val(f->classes, added);
	return max_min_add_class(&f->rates, resources, count);
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
	};
	max_min_init(&f->rates, GBps, resources);
	fair_share_init(&f->share, GBps, resources);
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
	                                                    (GDestroyNotify)g_bytes_unref, NULL);
	/* Zeroed: the keys have padding. */
	g_autoptr(GArray) loads = g_array_new(FALSE, TRUE, sizeof(struct fair_load));
	for (uint32_t a = 0; a < activities; a++)
		if (lone->activities[a].load_count > 0)
			classify(f, lone, a, loads, known);
	f->end_ns = g_new(double, f->classes->len);
	f->block_end_ns = g_new(double, f->classes->len / BLOCK + 1);
	for (guint c = 0; c < f->classes->len; c++)
		f->end_ns[c] = f->block_end_ns[c / BLOCK] = INFINITY;
	f->users = g_new(struct fair_user, MAX(f->classes->len, 1));
}

void flow_classes_release(struct flow_classes *f)
{
	for (guint c = 0; c < f->classes->len; c++)
		g_free(class_at(f, c)->members.items);
	g_array_unref(f->classes);
	g_array_unref(f->loads);
	max_min_release(&f->rates);
	fair_share_release(&f->share);
	g_free(f->class_of);
	g_free(f->amount);
	g_free(f->users);
	g_free(f->end_ns);
	g_free(f->block_end_ns);
}

/* ---- the next to end ---- */

/* Most of them change at once while the network is full, so a heap would not do. */
static void set_end(struct flow_classes *f, uint32_t class, double end_ns)
{
	f->end_ns[class] = end_ns;
	f->block_end_ns[class / BLOCK] = NAN; /* to be found again */
}

static double block_end_ns(struct flow_classes *f, uint32_t block)
{
	uint32_t first = block * BLOCK, end = MIN(first + BLOCK, f->classes->len);
	if (isnan(f->block_end_ns[block])) {
		double least_ns = INFINITY;
		for (uint32_t c = first; c < end; c++)
			least_ns = MIN(least_ns, f->end_ns[c]);
		f->block_end_ns[block] = least_ns;
	}
	return f->block_end_ns[block];
}

/* The block of the class that ends next; the lowest of several. */
static uint32_t next_block(struct flow_classes *f)
{
	uint32_t next = 0;
	for (uint32_t block = 1; block * BLOCK < f->classes->len; block++)
		if (block_end_ns(f, block) < block_end_ns(f, next))
			next = block;
	return next;
}

/* ---- rates ---- */

static void bring_clock_up(const struct flow_classes *f, struct flow_class *c)
{
	c->clock += c->rate * (f->now_ns - c->since_ns);
	c->since_ns = f->now_ns;
}

static void find_end(struct flow_classes *f, uint32_t class)
{
	const struct flow_class *c = class_at(f, class);
	double left = c->members.count > 0 ? MAX(c->members.items[0].finish - c->clock, 0)
	                                   : INFINITY;
	set_end(f, class, c->rate > 0 ? c->since_ns + left / c->rate : INFINITY);
}

static void set_rate(struct flow_classes *f, uint32_t class, double rate)
{
	struct flow_class *c = class_at(f, class);
	if (c->rate == rate)
		return;
	bring_clock_up(f, c);
	c->rate = rate;
	find_end(f, class);
}

static void share_evenly(struct flow_classes *f)
{
	max_min_solve(&f->rates);
	for (uint32_t i = 0; i < f->rates.solved_count; i++)
		set_rate(f, f->rates.solved[i], f->rates.classes[f->rates.solved[i]].rate);
}

static gint compare_classes(gconstpointer a, gconstpointer b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

/* In the order of classes, so that the history does not matter. */
static void share_unevenly(struct flow_classes *f)
{
	max_min_reach(&f->rates);
	uint32_t *reached = f->rates.solved, count = f->rates.solved_count;
	qsort(reached, count, sizeof *reached, compare_classes);
	for (uint32_t i = 0; i < count; i++) {
		const struct flow_class *c = class_at(f, reached[i]);
		f->users[i] = (struct fair_user){
			.loads = &g_array_index(f->loads, struct fair_load, c->first_load),
			.load_count = c->load_count,
			.flows = (uint32_t)c->members.count,
			.cap = INFINITY
		};
	}
	fair_share_solve(&f->share, f->users, count);
	for (uint32_t i = 0; i < count; i++)
		set_rate(f, reached[i], f->users[i].rate);
}

/* ---- flows ---- */

static void note_flows(struct flow_classes *f, uint32_t class)
{
	max_min_set_flows(&f->rates, class, (uint32_t)class_at(f, class)->members.count);
	f->changed = true;
}

void flow_classes_add(struct flow_classes *f, struct sim_ready instance, uint32_t activity)
{
	uint32_t class = f->class_of[activity];
	struct flow_class *c = class_at(f, class);
	if (c->members.count == 0) {
		c->clock = 0;
		c->rate = 0;
		c->since_ns = f->now_ns;
		f->uneven += !c->even;
	}
	bring_clock_up(f, c);
	member_heap_push(&c->members,
	                 (struct flow_member){ c->clock + f->amount[activity], instance });
	find_end(f, class);
	f->in_flight++;
	note_flows(f, class);
}

double flow_classes_next_end_ns(struct flow_classes *f)
{
	if (f->changed && f->uneven > 0)
		share_unevenly(f);
	else if (f->changed)
		share_evenly(f);
	f->changed = false;
	return f->in_flight > 0 ? block_end_ns(f, next_block(f)) : INFINITY;
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
	uint32_t block = next_block(f), class = block * BLOCK;
	double next_ns = block_end_ns(f, block);
	if (next_ns > until_ns)
		return false;
	while (f->end_ns[class] > next_ns)
		class ++;
	struct flow_class *c = class_at(f, class);
	bring_clock_up(f, c);
	*ended = member_heap_pop(&c->members).instance;
	f->in_flight--;
	f->uneven -= c->members.count == 0 && !c->even;
	find_end(f, class);
	note_flows(f, class);
	return true;
}
