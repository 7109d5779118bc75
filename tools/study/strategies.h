/* What mcmsim run compares: strategies searched and simulated side by side, in processes. */
#ifndef TOOLS_STUDY_STRATEGIES_H
#define TOOLS_STUDY_STRATEGIES_H

#include "tools/report/results.h"

/* Fills a result per strategy, in the options' order; what failed for one stands in it. With --out
 * their files are in DIR, or in DIR/STRATEGY if there are several. False and `error` if none could
 * be started; the caller releases the results either way. */
bool strategies_run(const struct subject *subject, const struct options *options,
                    struct result *results, GError **error);

#endif
