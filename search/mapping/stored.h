/*
 * Where tensors lie in DRAM. With interleave all, every channel has its part of every tensor.
 * With nearest,
 *
 *   what a chiplet stores          lies in the channel nearest to it, and whoever reads it reads it
 * there weights and network inputs     are put there before the run: whole in every channel that is
 *                                  nearest to a chiplet that reads them
 *
 * So what a fetch brings from a channel is what the boxes stored there and the boxes needed have in
 * common (map_fetch). Boxes are those of micro-batches, which segments may cut differently: of the
 * samples of the reader's micro-batch, those that a part of the producer stored are counted over
 * all full micro-batches, and a full one has their mean. A smaller last one has its own.
 */
#ifndef SEARCH_MAPPING_STORED_H
#define SEARCH_MAPPING_STORED_H

#include "search/mapping/plan.h"

/* The fewest hops, then the lowest index. */
unsigned map_nearest_channel(const struct hw_package *package, unsigned chiplet);

/* Whether it matters who stored a tensor: interleave nearest, and not the same channel for all. */
bool map_tensors_have_places(const struct hw_package *package);

/* A node that stored what another one reads. */
struct map_stored {
	struct map_placed full,
		tail; /* its full micro-batches, and the smaller last one (maybe 0) */
	/* The reader's micro-batches that are looked at: `count` from the one of sample `first`
	 * on. */
	unsigned batch, first, count, microbatch;
};

/* Who stored what `to` reads over `edge`. False: it lies in every channel, or nobody knows where:
 * the placed node is of no plan, or the plan says nothing of the producer. */
bool map_find_stored(const struct map_placed *to, const struct wl_edge *edge,
                     struct map_stored *stored);

/* Of the samples `need` of a reader's micro-batch, those that lie in the producer's part `full` of
 * its full micro-batches or `tail` of the last one: the mean over the reader's micro-batches. */
double map_stored_samples(const struct map_stored *stored, struct map_interval full,
                          struct map_interval tail, struct map_interval need);

/* Whether what segment `reader` costs depends on how segment `writer` is mapped, where tensors have
 * places. A segment whose regions are empty stands for any: it costs nothing. */
bool map_reads_stored(const struct map_plan *plan, unsigned reader, unsigned writer);

#endif
