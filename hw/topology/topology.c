/*
 * Link tables and trees, whatever the kind.
 *
 * Invariant: links are sorted by the router that they leave, so those out of a router are together.
 */
#include "hw/topology/topology.h"

#include <string.h>

const struct hw_topology *const hw_topologies[] = { &hw_mesh, &hw_torus, NULL };

void hw_add_link(struct hw_package *package, const struct hw_link *link, const char *name)
{
	g_assert(package->link_count == 0 ||
	         package->links[package->link_count - 1].from <= link->from);
	unsigned count = package->link_count;
	if ((count & (count - 1)) == 0) /* room for as many again */
		package->links = g_renew(struct hw_link, package->links, MAX(2 * (gsize)count, 1));
	package->links[count] = *link;
	package->links[count].name = g_strdup(name);
	package->link_count++;
}

void hw_clear_links(struct hw_package *package)
{
	for (unsigned i = 0; i < package->link_count; i++)
		g_free(package->links[i].name);
	g_clear_pointer(&package->links, g_free);
	g_clear_pointer(&package->first_link, g_free);
	g_clear_pointer(&package->routing, g_free);
	package->link_count = 0;
}

/* What follows from the links themselves. */
static void count_links(struct hw_package *package)
{
	unsigned chiplets = hw_chiplet_count(package);
	g_autofree unsigned *inputs = g_new0(unsigned, chiplets);
	package->first_link = g_new0(unsigned, chiplets + 1);
	package->router_links = 0;
	for (unsigned i = 0; i < package->link_count; i++) {
		struct hw_link *link = &package->links[i];
		link->input = inputs[link->to]++;
		package->first_link[link->from + 1]++;
		package->router_links = MAX(package->router_links, inputs[link->to]);
	}
	for (unsigned c = 0; c < chiplets; c++) {
		package->router_links = MAX(package->router_links, package->first_link[c + 1]);
		package->first_link[c + 1] += package->first_link[c];
	}
}

void hw_lay_links(struct hw_package *package)
{
	hw_clear_links(package);
	package->nop.topology->lay(package);
	count_links(package);
}

void hw_tree_init(struct hw_tree *tree, const struct hw_package *p)
{
	*tree = (struct hw_tree){ .seen = g_new0(uint32_t, hw_chiplet_count(p)) };
}

void hw_tree_release(struct hw_tree *tree)
{
	g_clear_pointer(&tree->seen, g_free);
}

void hw_tree_start(struct hw_tree *tree, const struct hw_package *p, unsigned root)
{
	if (++tree->generation == 0) { /* the counter went round: old marks would look new */
		memset(tree->seen, 0, hw_chiplet_count(p) * sizeof *tree->seen);
		tree->generation = 1;
	}
	tree->root = root;
	tree->seen[root] = tree->generation;
}
