/*
 * Topologies: which links a package's network has, and which of them a message takes. A kind is a
 * table of functions (struct hw_topology) in a file of its own; package files name it. Nobody
 * outside this room asks which kind it is: the link table (struct hw_package) says what there is,
 * and the functions here what is passed on the way.
 *
 *   A message to one router sends an equal part of its bytes each of the route's ways, which are
 *   equally long in links and in time.
 *   A multicast passes each link of a tree once, whatever lies behind it; the tree is the union of
 *   ways 0 of the routes from its root.
 */
#ifndef HW_TOPOLOGY_TOPOLOGY_H
#define HW_TOPOLOGY_TOPOLOGY_H

#include "hw/base/json.h"
#include "hw/package.h"

struct hw_tree;

struct hw_topology {
	const char *name;
	const char *const *keys; /* of "nop", besides those of all kinds; NULL-terminated */
	bool lines; /* a grid's routes follow the sender's row, then the receiver's column */
	bool rings; /* a grid's rows and columns are closed */
	/* Reads the keys of its own into package->nop; the grid is known. NULL: has none. */
	void (*read)(struct hw_json nop, struct hw_package *package, GError **error);
	/* Appends the links with hw_add_link, those that leave a router together, routers
	 * ascending. May keep a table of its own in package->routing (g_free), and sets
	 * longest_route. */
	void (*lay)(struct hw_package *package);
	/* What hw_ways, hw_hops and hw_route say. */
	unsigned (*ways)(const struct hw_package *p, unsigned from, unsigned to);
	unsigned (*hops)(const struct hw_package *p, unsigned from, unsigned to);
	unsigned (*route)(const struct hw_package *p, unsigned from, unsigned to, unsigned way,
	                  unsigned *links);
	/* Appends way 0 from the tree's root to `to`, from its end back to the first router that is
	 * in the tree, and marks its routers. Returns what all of the way takes. */
	double (*branch)(const struct hw_package *p, struct hw_tree *tree, unsigned to,
	                 unsigned *links, unsigned *count);
};

extern const struct hw_topology hw_mesh, hw_torus;

/* All kinds, NULL-terminated. */
extern const struct hw_topology *const hw_topologies[];

/* Makes the package's link table, anew if it has one, from its grid and `nop`. */
void hw_lay_links(struct hw_package *package);
/* For hw_topology.lay. `name` is copied. */
void hw_add_link(struct hw_package *package, const struct hw_link *link, const char *name);
void hw_clear_links(struct hw_package *package);

/* Ways of the route from one chiplet's router to another's: at least 1. */
static inline unsigned hw_ways(const struct hw_package *p, unsigned from, unsigned to)
{
	return p->nop.topology->ways ? p->nop.topology->ways(p, from, to) : 1;
}

/* Links on each of the route's ways: 0 if the routers are the same. */
static inline unsigned hw_hops(const struct hw_package *p, unsigned from, unsigned to)
{
	return p->nop.topology->hops(p, from, to);
}

/*
 * Write the indices of the links of one of the route's ways, in order, to `links` (room for
 * p->longest_route entries) and return their number, the same for all ways. Ways share links:
 * their parts of a message add up.
 */
static inline unsigned hw_route(const struct hw_package *p, unsigned from, unsigned to,
                                unsigned way, unsigned *links)
{
	return p->nop.topology->route(p, from, to, way, links);
}

/* The first link from one router to another; they must be neighbours. */
static inline unsigned hw_link_to(const struct hw_package *p, unsigned from, unsigned to)
{
	unsigned link = p->first_link[from];
	while (p->links[link].to != to)
		link++;
	return link;
}

/* What passing these links takes. */
static inline double hw_links_ns(const struct hw_package *p, const unsigned *links, unsigned count)
{
	double ns = 0;
	for (unsigned i = 0; i < count; i++)
		ns += p->links[links[i]].latency_ns;
	return ns;
}

/*
 * A multicast tree. hw_tree_start begins a new one; hw_tree_add adds the route from its root to
 * `to`, appends the links that are new to `links` (room for one per chiplet suffices for a tree),
 * advances *count, and returns the latency of all links between root and `to`. Costs are
 * proportional to the new links, which stand in the order from the destination to the tree.
 * hw_tree_init makes room for the package's chiplets; hw_tree_release frees it.
 */
struct hw_tree {
	uint32_t *seen; /* generation in which a router was reached */
	uint32_t generation;
	unsigned root;
};

void hw_tree_init(struct hw_tree *tree, const struct hw_package *p);
void hw_tree_release(struct hw_tree *tree);
void hw_tree_start(struct hw_tree *tree, const struct hw_package *p, unsigned root);

static inline double hw_tree_add(struct hw_tree *tree, const struct hw_package *p, unsigned to,
                                 unsigned *links, unsigned *count)
{
	return p->nop.topology->branch(p, tree, to, links, count);
}

#endif
