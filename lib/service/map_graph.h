/* Rails on aliases that forward to aliases: loop and limits. */
#ifndef POSTIGO_SERVICE_MAP_GRAPH_H
#define POSTIGO_SERVICE_MAP_GRAPH_H

#include "service/map_verdicts.h"

/*
 * Looks at the rows as they would be live, refused ones as they are, and refuses every row that is in a circle, has more than ten aliases behind it, or more of them or
 * of recipients than Postfix expands. Only rows of our domain are followed. To be repeated while it refuses: a row that stays as it is live may close another circle.
 */
void map_graph_judge(struct map_verdicts *verdicts);

#endif
