#include "service/map_row_rails.h"

#include "base/message.h"
#include "service/map_clash.h"
#include "service/map_dangling.h"
#include "service/map_destinations.h"
#include "service/map_graph.h"

static void judge_selves(struct map_verdicts *verdicts)
{
	const struct map_rails *rails = verdicts->rails;

	for (size_t i = 0; i < rails->self_count; i++)
		map_verdicts_refuse(verdicts, rails->selves[i], RAIL_LOOP,
			_("it forwards to itself and keeps no copy"));
}

void map_row_rails_judge(struct map_verdicts *verdicts)
{
	struct map_dangling dangling cleanup_map_dangling = {.count = 0};
	size_t before;

	judge_selves(verdicts);
	map_destinations_judge(verdicts);
	map_clash_judge(verdicts);
	map_dangling_open(&dangling, verdicts);
	map_verdicts_fetch(verdicts);
	do {
		before = verdicts->refused;
		map_graph_judge(verdicts);
		map_verdicts_fetch(verdicts);
		map_dangling_judge(&dangling);
		map_verdicts_fetch(verdicts);
	} while (verdicts->refused > before);
}
