/* Invariant: parts->of[m] <= m leads to the lowest message of m's part. */
#include "sim/messages/connected_messages.h"

#include "hw/resources.h"
#include "hw/topology/topology.h"

#define NONE UINT32_MAX

void sim_connected_init(struct sim_connected *parts, const struct hw_package *package,
                        const struct sim_messages *messages)
{
	*parts = (struct sim_connected){ .package = package, .messages = messages };
	parts->of = g_new0(uint32_t, messages->count);
	parts->user = g_new(uint32_t, hw_resource_count(package));
	parts->links = g_new(unsigned, package->longest_route);
}

void sim_connected_release(struct sim_connected *parts)
{
	g_free(parts->of);
	g_free(parts->user);
	g_free(parts->links);
}

/* Shortens the way for the next time. */
static uint32_t lowest(struct sim_connected *parts, uint32_t message)
{
	uint32_t *of = parts->of;
	while (of[message] != message)
		message = of[message] = of[of[message]];
	return message;
}

/* The message passes the resource: it goes with all others that do. */
static void join(struct sim_connected *parts, uint32_t message, unsigned resource)
{
	if (parts->user[resource] == NONE) {
		parts->user[resource] = message;
		return;
	}
	uint32_t left = lowest(parts, message), right = lowest(parts, parts->user[resource]);
	parts->of[MAX(left, right)] = MIN(left, right);
}

static void join_all(struct sim_connected *parts, uint32_t message)
{
	const struct sim_message *m = &parts->messages->at[message];
	unsigned ways = hw_ways(parts->package, m->src, m->dst);
	join(parts, message, hw_inject_id(parts->package, m->src));
	join(parts, message, hw_eject_id(parts->package, m->dst));
	for (unsigned way = 0; way < ways; way++) {
		unsigned links = hw_route(parts->package, m->src, m->dst, way, parts->links);
		for (unsigned i = 0; i < links; i++)
			join(parts, message, parts->links[i]);
	}
}

static gint compare(gconstpointer a, gconstpointer b, gpointer data)
{
	const uint32_t *of = data;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	if (of[left] != of[right])
		return of[left] < of[right] ? -1 : 1;
	return (left > right) - (left < right);
}

void sim_connected_find(struct sim_connected *parts, uint32_t *messages, uint32_t count)
{
	for (unsigned r = 0; r < hw_resource_count(parts->package); r++)
		parts->user[r] = NONE;
	for (uint32_t i = 0; i < count; i++)
		parts->of[messages[i]] = messages[i];
	for (uint32_t i = 0; i < count; i++)
		join_all(parts, messages[i]);
	for (uint32_t i = 0; i < count; i++)
		parts->of[messages[i]] = lowest(parts, messages[i]);
	g_qsort_with_data(messages, (gint)count, sizeof(*messages), compare, parts->of);
}
