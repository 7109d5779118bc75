/* Invariant: a point depends on its strategy and step alone, so the front does not on --jobs. */
#include "tools/study/pareto.h"

#include "hw/base/threads.h"
#include "tools/text/progress.h"

static const struct step {
	const char *name;
	enum search_objective objective;
	double exponent;
} steps[] = {
	{ "latency", SEARCH_LATENCY, 0 },
	{ "latency x energy^0.25", SEARCH_EDP, 0.25 },
	{ "latency x energy^0.5", SEARCH_EDP, 0.5 },
	{ "latency x energy", SEARCH_EDP, 1 },
	{ "latency x energy^2", SEARCH_EDP, 2 },
	{ "latency x energy^4", SEARCH_EDP, 4 },
	{ "energy", SEARCH_ENERGY, 0 },
};

#define SLACK 1e-9 /* less than this is no improvement */

const char *pareto_objective(unsigned step)
{
	return steps[step].name;
}

/* ---- searching, one thread per point ---- */

struct front_search {
	struct pareto *pareto;
	_Atomic double *fractions; /* per point */
	struct progress progress;
};

struct point_progress {
	struct front_search *hunt;
	unsigned index;
	bool shows; /* the thread that gives the work */
};

static void set_fraction(void *data, double fraction)
{
	const struct point_progress *piece = data;
	struct front_search *hunt = piece->hunt;
	double sum = 0;
	hunt->fractions[piece->index] = fraction;
	for (unsigned i = 0; piece->shows && i < hunt->pareto->point_count; i++)
		sum += hunt->fractions[i];
	if (piece->shows)
		progress_fraction(&hunt->progress, sum / hunt->pareto->point_count);
}

static void search_point(void *data, unsigned thread, unsigned index)
{
	struct front_search *hunt = data;
	const struct pareto *pareto = hunt->pareto;
	struct pareto_point *point = &pareto->points[index];
	const struct subject *subject = pareto->subject;
	struct point_progress piece = { hunt, index, thread == 0 };
	struct search_options wanted = subject_search_options(subject, pareto->options);
	wanted.strategy = point->strategy;
	wanted.objective = steps[point->step].objective;
	wanted.energy_exponent = steps[point->step].exponent;
	wanted.jobs = 1;
	wanted.progress = set_fraction;
	wanted.progress_data = &piece;
	g_autoptr(GError) error = NULL;
	point->mapping = search_mapping(subject->workload, subject->package, &wanted, &error);
	point->error = error ? g_strdup(error->message) : NULL;
	set_fraction(&piece, 1);
}

static void search_points(struct pareto *pareto)
{
	g_autofree _Atomic double *fractions = g_new0(_Atomic double, pareto->point_count);
	struct front_search hunt = { .pareto = pareto, .fractions = fractions };
	struct search_crew *crew = search_crew_new(pareto->options->jobs);
	progress_begin(&hunt.progress, pareto->options->quiet);
	hunt.progress.what = "searching";
	search_parallel(crew, pareto->point_count, search_point, &hunt);
	progress_end(&hunt.progress);
	search_crew_free(crew);
}

/* ---- the front ---- */

static void evaluate(struct pareto *pareto)
{
	struct cost_model model;
	subject_model(pareto->subject, &model);
	for (unsigned i = 0; i < pareto->point_count; i++) {
		struct pareto_point *point = &pareto->points[i];
		struct cost_report cost;
		if (!point->mapping)
			continue;
		cost_evaluate(&model, point->mapping, &cost);
		point->latency_ns = cost.latency_ns;
		point->energy_pJ = cost_total_pJ(&cost.totals, cost.static_pJ);
		point->segments = point->mapping->segment_count;
		point->clusters = map_cluster_total(point->mapping);
		cost_report_release(&cost);
	}
	cost_model_release(&model);
}

/* Different searches often end with one mapping: the first keeps it. */
static void drop_repetitions(struct pareto *pareto)
{
	for (unsigned i = 0; i < pareto->point_count; i++)
		for (unsigned j = 0; j < i && pareto->points[i].mapping; j++) {
			struct pareto_point *a = &pareto->points[j], *b = &pareto->points[i];
			if (a->mapping && a->latency_ns == b->latency_ns &&
			    a->energy_pJ == b->energy_pJ) {
				map_free(b->mapping);
				b->mapping = NULL;
			}
		}
}

static gint by_latency(gconstpointer a, gconstpointer b)
{
	const struct pareto_point *p = *(const struct pareto_point *const *)a,
				  *q = *(const struct pareto_point *const *)b;
	if (p->latency_ns != q->latency_ns)
		return p->latency_ns < q->latency_ns ? -1 : 1;
	if (p->energy_pJ != q->energy_pJ)
		return p->energy_pJ < q->energy_pJ ? -1 : 1;
	return p < q ? -1 : p > q;
}

static void find_front(struct pareto *pareto)
{
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	double least_pJ = G_MAXDOUBLE;
	for (unsigned i = 0; i < pareto->point_count; i++)
		if (pareto->points[i].mapping)
			g_ptr_array_add(order, &pareto->points[i]);
	g_ptr_array_sort(order, by_latency);
	pareto->mapping_count = order->len;
	pareto->front = g_new(const struct pareto_point *, order->len + 1);
	for (unsigned i = 0; i < order->len; i++) {
		struct pareto_point *point = g_ptr_array_index(order, i);
		if (!(point->energy_pJ < least_pJ * (1 - SLACK)))
			continue;
		least_pJ = point->energy_pJ;
		pareto->front[pareto->front_count++] = point;
		point->place = pareto->front_count;
	}
}

/* ---- the way in ---- */

static void name_points(struct pareto *pareto)
{
	const struct options *options = pareto->options;
	unsigned strategies = options->strategy_given ? options->strategy_count : SEARCH_BEST;
	pareto->point_count = strategies * G_N_ELEMENTS(steps);
	pareto->points = g_new0(struct pareto_point, pareto->point_count);
	for (unsigned i = 0; i < pareto->point_count; i++) {
		unsigned strategy = i / G_N_ELEMENTS(steps);
		pareto->points[i].step = i % G_N_ELEMENTS(steps);
		pareto->points[i].strategy = options->strategy_given
		                                     ? options->strategies[strategy]
		                                     : (enum search_strategy)strategy;
	}
}

void pareto_release(struct pareto *pareto)
{
	for (unsigned i = 0; i < pareto->point_count; i++) {
		map_free(pareto->points[i].mapping);
		g_free(pareto->points[i].error);
	}
	g_free(pareto->points);
	g_free((void *)pareto->front);
}

bool pareto_search(struct pareto *pareto, GError **error)
{
	name_points(pareto);
	search_points(pareto);
	evaluate(pareto);
	drop_repetitions(pareto);
	find_front(pareto);
	if (!pareto->front_count)
		g_set_error(error, TOOL_ERROR, TOOL_FAILED, "%s",
		            pareto->points[pareto->point_count - 1].error);
	return pareto->front_count > 0;
}
