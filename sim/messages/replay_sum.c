/* Invariant: a part's bound and latency come from one phase of all of its messages. */
#include "sim/messages/replay_sum.h"

#include "sim/messages/replay_private.h"

struct adder {
	const struct sim_messages *messages;
	struct map_network network;
	struct map_phase sum;
};

static void find_bound(const struct adder *adder, struct sim_replay_part *part)
{
	for (unsigned i = 0; i < adder->sum.touched_count; i++) {
		unsigned r = adder->sum.touched[i];
		double time_ns = adder->sum.bytes[r] * adder->network.ns_per_byte[r];
		if (time_ns > part->bound_ns || (time_ns == part->bound_ns && r < part->busiest)) {
			part->bound_ns = time_ns;
			part->busiest = r;
		}
	}
	part->latency_ns = MAX(part->latency_ns, adder->sum.latency_ns);
}

/* Of the messages [first, end) of `order`. */
static void add_up(struct adder *adder, const uint32_t *order, uint32_t first, uint32_t end,
                   const double *end_ns, struct sim_replay_part *part)
{
	map_phase_clear(&adder->sum);
	for (uint32_t i = first; i < end; i++) {
		const struct sim_message *message = &adder->messages->at[order[i]];
		sim_replay_send(&adder->network, &adder->sum, message);
		if (message->bytes <= 0)
			part->latency_ns = MAX(
				part->latency_ns,
				map_message_ns(&adder->network, message->src, message->dst));
		part->messages++;
		part->bytes += message->bytes;
		part->completion_ns = MAX(part->completion_ns, end_ns[order[i]]);
	}
	find_bound(adder, part);
}

/* Message indices by tag: those of tag t are order[first[t], first[t + 1]). Free both. */
static uint32_t *sort_by_tag(const struct sim_messages *messages, uint32_t **first)
{
	uint32_t tags = messages->tags->len;
	uint32_t *order = g_new0(uint32_t, messages->count), *start = g_new0(uint32_t, tags + 1);
	for (uint32_t m = 0; m < messages->count; m++)
		start[messages->at[m].tag + 1]++;
	for (uint32_t t = 0; t < tags; t++)
		start[t + 1] += start[t];
	g_autofree uint32_t *next = g_memdup2(start, tags * sizeof(*start));
	for (uint32_t m = 0; m < messages->count; m++)
		order[next[messages->at[m].tag]++] = m;
	*first = start;
	return order;
}

struct sim_replay *sim_replay_sum_up(const struct hw_package *package,
                                     const struct sim_messages *messages, double *start_ns,
                                     double *end_ns)
{
	struct adder adder = { .messages = messages };
	struct sim_replay *replay = g_new0(struct sim_replay, 1);
	replay->tags = g_new0(struct sim_replay_part, messages->tags->len);
	replay->start_ns = start_ns;
	replay->end_ns = end_ns;
	map_network_init(&adder.network, package);
	map_phase_init(&adder.sum, package);
	g_autofree uint32_t *first = NULL;
	g_autofree uint32_t *order = sort_by_tag(messages, &first);
	add_up(&adder, order, 0, messages->count, end_ns, &replay->all);
	for (guint t = 0; t < messages->tags->len; t++)
		add_up(&adder, order, first[t], first[t + 1], end_ns, &replay->tags[t]);
	map_phase_release(&adder.sum);
	map_network_release(&adder.network);
	return replay;
}

void sim_replay_free(struct sim_replay *replay)
{
	if (!replay)
		return;
	g_free(replay->tags);
	g_free(replay->start_ns);
	g_free(replay->end_ns);
	g_free(replay);
}
