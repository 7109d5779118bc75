/*
 * Invariant: between calls of max_min_solve every class with flows and without change has a
 * bottleneck, and `users` of a resource are the classes that have flows and pass it.
 *
 * Progressive filling: the resource that has the least for each of the flows that still share it
 * settles their rate; what they take is taken off their other resources. That least only rises,
 * so a heap whose entries are too low now and then is put right when they are taken.
 */
#include "sim/messages/max_min.h"

#include <glib.h>
#include <math.h>

/* Rates and loads that differ by this part of them are equal: what rounding leaves is less. */
#define EQUAL 1e-11
/* All are solved once in so many, lest rounding add up in the loads. */
#define MOST_SINCE_ALL 1000

void max_min_init(struct max_min *m, const double *capacity, uint32_t resources)
{
	*m = (struct max_min){ .resource_count = resources };
	m->resources = g_new0(struct max_min_resource, resources);
	for (uint32_t r = 0; r < resources; r++)
		m->resources[r].capacity = capacity[r];
	m->touched = g_new(uint32_t, resources);
}

void max_min_release(struct max_min *m)
{
	for (uint32_t r = 0; r < m->resource_count; r++)
		g_free(m->resources[r].users);
	g_free(m->resources);
	g_free(m->classes);
	g_free(m->uses);
	g_free(m->active);
	g_free(m->changed);
	g_free(m->solved);
	g_free(m->touched);
	g_free(m->levels.items);
}

/* ---- classes and flows ---- */

uint32_t max_min_add_class(struct max_min *m, const uint32_t *resources, uint32_t count)
{
	g_assert(count > 0); /* what passes nothing is not limited by anything */
	if (m->class_count == m->class_room) {
		m->class_room = MAX(2 * m->class_room, 64);
		m->classes = g_renew(struct max_min_class, m->classes, m->class_room);
		m->active = g_renew(uint32_t, m->active, m->class_room);
		m->solved = g_renew(uint32_t, m->solved, m->class_room);
	}
	if (m->use_room - m->use_count < count) {
		m->use_room = 2 * (m->use_room + count);
		m->uses = g_renew(struct max_min_use, m->uses, m->use_room);
	}
	m->classes[m->class_count] = (struct max_min_class){ .first = m->use_count,
		                                             .count = count,
		                                             .bottleneck = MAX_MIN_NONE };
	for (uint32_t i = 0; i < count; i++)
		m->uses[m->use_count++] = (struct max_min_use){ .resource = resources[i] };
	return m->class_count++;
}

static void enter(struct max_min *m, uint32_t class)
{
	struct max_min_class *c = &m->classes[class];
	c->place = m->active_count;
	m->active[m->active_count++] = class;
	for (uint32_t u = c->first; u < c->first + c->count; u++) {
		struct max_min_resource *r = &m->resources[m->uses[u].resource];
		if (r->user_count == r->user_room) {
			r->user_room = MAX(2 * r->user_room, 4);
			r->users = g_renew(struct max_min_user, r->users, r->user_room);
		}
		m->uses[u].place = r->user_count;
		r->users[r->user_count++] = (struct max_min_user){ class, u };
	}
}

static void leave(struct max_min *m, uint32_t class)
{
	struct max_min_class *c = &m->classes[class];
	uint32_t last = m->active[--m->active_count];
	m->active[c->place] = last;
	m->classes[last].place = c->place;
	for (uint32_t u = c->first; u < c->first + c->count; u++) {
		struct max_min_resource *r = &m->resources[m->uses[u].resource];
		struct max_min_user moved = r->users[--r->user_count];
		r->users[m->uses[u].place] = moved;
		m->uses[moved.use].place = m->uses[u].place;
	}
	if (c->bottleneck != MAX_MIN_NONE)
		m->resources[c->bottleneck].held--;
	c->bottleneck = MAX_MIN_NONE;
	c->rate = 0;
}

void max_min_set_flows(struct max_min *m, uint32_t class, uint32_t flows)
{
	struct max_min_class *c = &m->classes[class];
	double more = ((double)flows - c->flows) * c->rate;
	for (uint32_t u = c->first; u < c->first + c->count; u++)
		m->resources[m->uses[u].resource].load += more;
	if (c->flows == 0 && flows > 0)
		enter(m, class);
	else if (c->flows > 0 && flows == 0)
		leave(m, class);
	c->flows = flows;
	if (m->changed_count == m->changed_room) {
		m->changed_room = MAX(2 * m->changed_room, 64);
		m->changed = g_renew(uint32_t, m->changed, m->changed_room);
	}
	m->changed[m->changed_count++] = class;
}

/* ---- filling ---- */

/* Rates of the classes of `resource` that are to be solved and are not yet. */
static void settle(struct max_min *m, uint32_t resource, double level)
{
	struct max_min_resource *full = &m->resources[resource];
	full->level = level;
	for (uint32_t i = 0; i < full->user_count; i++) {
		struct max_min_class *c = &m->classes[full->users[i].class];
		if (c->bottleneck != MAX_MIN_NONE)
			continue;
		c->bottleneck = resource;
		c->rate = level;
		double load = level * c->flows;
		for (uint32_t u = c->first; u < c->first + c->count; u++) {
			struct max_min_resource *r = &m->resources[m->uses[u].resource];
			r->left -= load;
			r->flows -= c->flows;
			r->fastest = level; /* they settle in rising order */
		}
	}
}

/*
 * Rates of the classes in `solved`, which have no bottlenecks yet; `touched` are their resources,
 * with what is left for their flows and how many those are.
 */
static void fill(struct max_min *m)
{
	double reached = 0;
	for (uint32_t i = 0; i < m->touched_count; i++) {
		struct max_min_resource *r = &m->resources[m->touched[i]];
		r->level = -1;
		r->fastest = 0;
		if (r->flows > 0)
			level_heap_push(&m->levels, (struct max_min_level){ r->left / r->flows,
			                                                    m->touched[i] });
	}
	while (m->levels.count > 0) {
		struct max_min_level top = level_heap_pop(&m->levels);
		const struct max_min_resource *r = &m->resources[top.resource];
		if (r->flows == 0)
			continue;
		/* Never less than what others got: they came first, and only rounding makes it
		 * so. */
		double level = MAX(r->left / r->flows, reached);
		if (level <= top.level || level <= reached)
			settle(m, top.resource, reached = level);
		else
			level_heap_push(&m->levels, (struct max_min_level){ level, top.resource });
	}
}

/* ---- what is solved ---- */

static void begin(struct max_min *m)
{
	m->solved_count = 0;
	m->touched_count = 0;
	m->mark++;
}

/* Its resources are those of what is solved. */
static void touch(struct max_min *m, const struct max_min_class *c)
{
	for (uint32_t u = c->first; u < c->first + c->count; u++) {
		struct max_min_resource *r = &m->resources[m->uses[u].resource];
		if (r->mark == m->mark)
			continue;
		r->mark = m->mark;
		m->touched[m->touched_count++] = m->uses[u].resource;
	}
}

static void include(struct max_min *m, uint32_t class)
{
	struct max_min_class *c = &m->classes[class];
	if (c->mark == m->mark)
		return;
	c->mark = m->mark;
	touch(m, c);
	if (c->flows == 0)
		return; /* others have more now */
	m->solved[m->solved_count++] = class;
	c->rate_before = c->rate;
	if (c->bottleneck != MAX_MIN_NONE)
		m->resources[c->bottleneck].held--;
}

/* What others leave to those that are solved. */
static void leave_to_solved(struct max_min *m)
{
	for (uint32_t i = 0; i < m->touched_count; i++) {
		struct max_min_resource *r = &m->resources[m->touched[i]];
		r->left = r->capacity - r->load;
		r->flows = 0;
	}
	for (uint32_t i = 0; i < m->solved_count; i++) {
		struct max_min_class *c = &m->classes[m->solved[i]];
		double load = c->flows * c->rate_before;
		c->bottleneck = MAX_MIN_NONE;
		for (uint32_t u = c->first; u < c->first + c->count; u++) {
			struct max_min_resource *r = &m->resources[m->uses[u].resource];
			r->left += load;
			r->flows += c->flows;
		}
	}
}

static void keep_solution(struct max_min *m)
{
	for (uint32_t i = 0; i < m->touched_count; i++) {
		struct max_min_resource *r = &m->resources[m->touched[i]];
		r->load = r->capacity - r->left;
	}
	for (uint32_t i = 0; i < m->solved_count; i++)
		m->resources[m->classes[m->solved[i]].bottleneck].held++;
}

static void solve_all(struct max_min *m)
{
	begin(m);
	for (uint32_t i = 0; i < m->active_count; i++)
		include(m, m->active[i]);
	for (uint32_t i = 0; i < m->solved_count; i++)
		m->classes[m->solved[i]].rate_before = 0;
	for (uint32_t i = 0; i < m->touched_count; i++) {
		m->resources[m->touched[i]].load = 0;
		m->resources[m->touched[i]].held = 0;
	}
	leave_to_solved(m);
	fill(m);
	keep_solution(m);
}

/* ---- what depends on the changes ---- */

/* Includes the others on a resource that are faster than those whose bottleneck it is now, and
 * those that have lost their bottleneck in it. */
static void include_concerned(struct max_min *m, const struct max_min_resource *r, uint32_t index)
{
	double freed_below = r->left <= EQUAL * r->capacity ? r->fastest : INFINITY;
	double too_fast = r->level >= 0 ? r->level * (1 + EQUAL) : INFINITY;
	if (r->level < 0 && r->held == 0)
		return;
	for (uint32_t i = 0; i < r->user_count; i++) {
		const struct max_min_class *c = &m->classes[r->users[i].class];
		if (c->mark != m->mark &&
		    (c->rate > too_fast ||
		     (c->bottleneck == index && c->rate * (1 + EQUAL) < freed_below)))
			include(m, r->users[i].class);
	}
}

static void solve_changed(struct max_min *m)
{
	uint32_t before;
	begin(m);
	for (uint32_t i = 0; i < m->changed_count; i++)
		include(m, m->changed[i]);
	do {
		uint32_t touched = m->touched_count;
		before = m->solved_count;
		leave_to_solved(m);
		fill(m);
		for (uint32_t i = 0; i < touched; i++)
			include_concerned(m, &m->resources[m->touched[i]], m->touched[i]);
	} while (m->solved_count > before);
	keep_solution(m);
}

void max_min_solve(struct max_min *m)
{
	if (m->stale || ++m->since_all > MOST_SINCE_ALL) {
		solve_all(m);
		m->stale = false;
		m->since_all = 0;
	} else {
		solve_changed(m);
	}
	m->changed_count = 0;
}

static void reach(struct max_min *m, uint32_t class)
{
	struct max_min_class *c = &m->classes[class];
	if (c->mark == m->mark)
		return;
	c->mark = m->mark;
	touch(m, c);
	if (c->flows > 0)
		m->solved[m->solved_count++] = class;
}

void max_min_reach(struct max_min *m)
{
	begin(m);
	for (uint32_t i = 0; i < m->changed_count; i++)
		reach(m, m->changed[i]);
	for (uint32_t i = 0; i < m->touched_count; i++) {
		const struct max_min_resource *r = &m->resources[m->touched[i]];
		for (uint32_t u = 0; u < r->user_count; u++)
			reach(m, r->users[u].class);
	}
	m->changed_count = 0;
	m->stale = true;
}
