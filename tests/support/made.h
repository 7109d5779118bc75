/*
 * Packages and workloads made for tests and benchmarks from a few options: the text of their files,
 * and what the readers make of it. Numbers are round; what is left out (0) has the value in the
 * comment. JSON within options is written with ' for ".
 */
#ifndef TESTS_SUPPORT_MADE_H
#define TESTS_SUPPORT_MADE_H

#include "hw/package.h"
#include "workloads/workload.h"

struct made_package {
	const char *name;       /* "grid" */
	unsigned columns, rows; /* 1 */

	/* The one type of chiplets, at 1 GHz; 1 pJ per MAC and per byte of a buffer, 1 mm2. */
	const char *array;                              /* 'unroll': {'K': 4, 'C': 4} */
	unsigned vector_lanes;                          /* 8 */
	double weight_KiB, activation_KiB, buffer_GBps; /* 1024, 1024, 1000 */
	double static_W;                                /* 0 */
	/* Instead of it: the members of chiplet_types, and the grid's chiplets. */
	const char *types, *chiplets;

	/* 1 pJ per bit and link. */
	bool torus, unicast;
	double link_GBps, port_GBps, hop_ns; /* 10, 4 links, 5; hop_ns < 0: none */
	double router_conflict;              /* 0 */
	unsigned die[2];                     /* borders of dies of so many columns and rows: none */
	double border_GBps, border_ns;       /* their links: 4, 9; 3 pJ per bit */
	const char *nop;                     /* more of its members, none */

	/* Channels of 8 pJ per bit at these places, "[0, 0]; [3, 3]". */
	const char *channels;              /* one at [0, 0] */
	double dram_GBps, dram_latency_ns; /* 20, 50 */
	const char *channel_list;          /* instead of them: the members of the list */
	bool nearest;
};

/* Caller frees. */
char *made_package_text(struct made_package options);

/* The same, read. Never NULL: options that no reader takes are a fault of the test's. */
struct hw_package *made_package(struct made_package options);

struct made_workload {
	const char *name;      /* "net" */
	unsigned weight_bytes; /* 1; an activation has one byte */
	const char *inputs;    /* the members of the list; 'in' of this shape: */
	unsigned channels, rows, columns;
	const char *layers; /* the members of the list */
};

/* Caller frees. */
char *made_workload_text(struct made_workload options);

/* The same, read. Never NULL. */
struct wl_workload *made_workload(struct made_workload options);

#endif
