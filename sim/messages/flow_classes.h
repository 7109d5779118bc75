/*
 * Private to sim/: what is in flight, in classes. Flows that want the same resources in the same
 * proportions, like the messages of one route, have one rate, so one virtual clock serves all
 * of them: a flow ends when its class's clock has gone on by the flow's amount since it came. What
 * an event costs grows with the classes and not with the flows.
 *
 * Amounts are bytes on the flow's most loaded resource. Rates are what fair_share.h says; while
 * all classes in flight load their resources evenly, max_min.h keeps them up to date.
 */
#ifndef SIM_MESSAGES_FLOW_CLASSES_H
#define SIM_MESSAGES_FLOW_CLASSES_H

#include "sim/messages/max_min.h"
#include "sim/engine/sharing.h"

struct flow_classes {
	double now_ns;
	uint32_t *class_of;   /* per activity */
	double *amount;       /* per activity */
	GArray *classes;      /* struct flow_class */
	GArray *loads;        /* struct fair_load, class by class: bytes per unit of amount */
	struct max_min rates; /* the same classes by number; solves them while all are even */
	struct fair_share share;
	struct fair_user *users;
	uint32_t uneven;      /* classes in flight that load their resources unevenly */
	uint64_t in_flight;   /* flows */
	double *end_ns;       /* per class: when its next flow ends at these rates; INFINITY */
	double *block_end_ns; /* the least of some classes; NAN: must be found again */
	bool changed;         /* rates must be found again */
};

/* Borrows nothing. */
void flow_classes_init(struct flow_classes *f, const struct sim_lone_times *lone,
                       uint32_t activities, const struct hw_package *package);
void flow_classes_release(struct flow_classes *f);

void flow_classes_add(struct flow_classes *f, struct sim_ready instance, uint32_t activity);

/* When the next flow ends if none is added before; INFINITY if there is none. */
double flow_classes_next_end_ns(struct flow_classes *f);

/* Time passes, up to now_ns <= flow_classes_next_end_ns. */
void flow_classes_advance(struct flow_classes *f, double now_ns);

/* Takes out one that has ended by now; false if there is none. */
bool flow_classes_take_ended(struct flow_classes *f, struct sim_ready *ended);

#endif
