/*
 * Programs made by hand or by numbers, for tests and benchmarks of the engine:
 * what lowering (sim/) would make of a mapping, without one.
 */
#ifndef TESTS_SUPPORT_SYNTHETIC_H
#define TESTS_SUPPORT_SYNTHETIC_H

#include "hw/package.h"
#include "sim/engine/program.h"

/*
 * columns x rows chiplets at 1 GHz, links of 10 GB/s and 5 ns per hop, ports of
 * 40 GB/s, one DRAM channel of 20 GB/s and 100 ns at the first and at the last
 * chiplet. Free with hw_package_free.
 */
struct hw_package *synthetic_package(unsigned columns, unsigned rows);

/* One activity; arrays are copied. Return its index. */
uint32_t synthetic_compute(struct sim_program *program, const uint32_t *chiplets,
                           const double *cycles, uint32_t count);
/* The latency is that of the route between two hosts. */
uint32_t synthetic_phase(struct sim_program *program, const struct hw_package *package,
                         uint32_t from, uint32_t to, const struct fair_load *loads, uint32_t count);

/* Compute for `cycles` on one chiplet; bytes over the one route between two hosts. */
uint32_t synthetic_compute1(struct sim_program *program, uint32_t chiplet, double cycles);
uint32_t synthetic_phase1(struct sim_program *program, const struct hw_package *package,
                          uint32_t from, uint32_t to, double bytes);

/* A task and its dependencies (copied); returns its program index. */
uint32_t synthetic_task(struct sim_program *program, struct sim_task task,
                        const struct sim_dep *deps, uint32_t count);

/* Makes a segment of all tasks since the last one; the marker is the last compute task. */
void synthetic_segment(struct sim_program *program, uint32_t microbatches, bool has_tail);

#define SYNTHETIC_CLUSTERS 64

/*
 * A pipeline of clusters: fetch -> cluster 0 -> transfer -> cluster 1 ... ->
 * store. Two micro-batch buffers between clusters, one output buffer per tile,
 * so that every wait is bounded. Cluster j owns chiplets[j] chiplets in row
 * order, computes tile_ns[j] per tile and sends out_bytes[j] per tile; a
 * cluster with stream_bytes[j] > 0 reads as many from DRAM per micro-batch.
 */
struct synthetic_pipeline {
	unsigned columns, rows;
	unsigned clusters, tiles;
	unsigned chiplets[SYNTHETIC_CLUSTERS];
	double tile_ns[SYNTHETIC_CLUSTERS], out_bytes[SYNTHETIC_CLUSTERS],
		stream_bytes[SYNTHETIC_CLUSTERS];
	uint32_t microbatches;
	bool has_tail; /* the last micro-batch is half as large */
};

/*
 * A random shape on 6 x 4 chiplets: 2-6 clusters of 1-4 chiplets, 1-4 tiles, compute
 * times of 1,000-(1 + spread) x 1,000 ns, transfers that take from little to all of it.
 */
struct synthetic_pipeline synthetic_random(uint32_t seed, double spread, uint32_t microbatches);

struct sim_program *synthetic_pipeline(const struct synthetic_pipeline *shape,
                                       const struct hw_package *package);

#endif
