/*
 * Names of nodes that viewers colour apart. Perfetto's colour of a slice is a hash of its name
 * without digits, so nodes whose names differ in digits only, as most of a ResNet's do, get
 * letters: "layer1.0.conv1 a", "layer1.1.conv1 b".
 */
#ifndef TRACES_NODE_NAMES_H
#define TRACES_NODE_NAMES_H

#include "sim/account/timeline.h"

/* char *, one per node of the timeline. Caller unrefs. */
GPtrArray *trace_node_names(const struct tl_timeline *timeline);

#endif
