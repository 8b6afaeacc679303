#include "service/map_graph.h"

#include "base/message.h"

#include <stdint.h>
#include <stdlib.h>

#define DEPTH_MAX 10 /* aliases behind each other */
#define TARGETS_FIRST 256

/*
 * Tarjan's components, without recursion: a chain may be as long as the map. A component is complete
 * when everything behind it is, so that depth and size of a row are known at that moment.
 */
struct graph {
	struct map_verdicts *verdicts;
	uint32_t *first; /* of the targets of a row; one more than rows */
	uint32_t *targets;
	size_t capacity;
	uint32_t *next;	 /* target to be followed */
	uint32_t *order; /* in which rows were met; 0 = not yet */
	uint32_t *low;
	uint32_t *depth; /* aliases from here on; 0 = not known yet */
	uint32_t *size;	 /* recipients; before it is known those that are no rows */
	uint32_t *stack;
	uint32_t *path;
	uint32_t counter;
	uint32_t stacked;
	uint32_t length; /* of the path */
};

#define cleanup_graph __attribute__((cleanup(graph_close)))

static void graph_close(struct graph *graph)
{
	free(graph->first);
	free(graph->targets);
}

static void add_target(struct graph *graph, uint32_t *count, size_t target)
{
	if (*count == graph->capacity) {
		graph->capacity = graph->capacity ? graph->capacity * 2 : TARGETS_FIRST;
		graph->targets =
			reallocarray(graph->targets, graph->capacity, sizeof(*graph->targets));
		if (!graph->targets)
			out_of_memory();
	}
	graph->targets[(*count)++] = (uint32_t)target;
}

/* The arrays, in one piece of memory. */
static void allocate(struct graph *graph)
{
	size_t rows = graph->verdicts->text.rows + 1;
	uint32_t **const arrays[] = {&graph->next, &graph->order, &graph->low, &graph->depth,
		&graph->size, &graph->stack, &graph->path};

	graph->first = calloc(rows * (ARRAY_LENGTH(arrays) + 1), sizeof(*graph->first));
	if (!graph->first)
		out_of_memory();
	for (size_t i = 0; i < ARRAY_LENGTH(arrays); i++)
		*arrays[i] = graph->first + rows * (i + 1);
}

/* The row itself among its destinations is the copy that is kept, where Postfix's expansion ends. */
static void add_row(struct graph *graph, size_t row, uint32_t *count)
{
	struct span address;
	struct span value;
	size_t target;

	if (!map_verdicts_value(graph->verdicts, row, &value))
		return;
	while (map_text_next_address(&value, &address)) {
		if (map_verdicts_resolve(graph->verdicts, address, &target) && target != row)
			add_target(graph, count, target);
		else
			graph->size[row]++;
	}
}

static bool build(struct graph *graph)
{
	size_t rows = graph->verdicts->text.rows;
	uint32_t count = 0;

	allocate(graph);
	for (size_t row = 0; row < rows; row++) {
		map_text_pass(&graph->verdicts->text, row);
		graph->first[row] = count;
		graph->next[row] = count;
		add_row(graph, row, &count);
	}
	graph->first[rows] = count;
	return count > 0;
}

static void enter(struct graph *graph, uint32_t row)
{
	graph->order[row] = ++graph->counter;
	graph->low[row] = graph->counter;
	graph->stack[graph->stacked++] = row;
	graph->path[graph->length++] = row;
}

static uint32_t sum(uint32_t left, uint32_t right)
{
	return left > UINT32_MAX - right ? UINT32_MAX : left + right;
}

static void finish_row(struct graph *graph, uint32_t row)
{
	const struct postfix_instance *instance = graph->verdicts->instance;
	uint32_t deepest = 0;

	for (uint32_t i = graph->first[row]; i < graph->first[row + 1]; i++) {
		uint32_t target = graph->targets[i];

		graph->size[row] = sum(graph->size[row], graph->size[target]);
		if (graph->depth[target] > deepest)
			deepest = graph->depth[target];
	}
	graph->depth[row] = deepest + 1;
	if (deepest + 1 > DEPTH_MAX)
		map_verdicts_refuse(graph->verdicts, row, RAIL_LOOP,
			_("too many aliases would forward to each other in a row"));
	else if (deepest + 1 > instance->recursion_limit)
		map_verdicts_refuse(graph->verdicts, row, RAIL_LIMITS,
			_("it forwards over more aliases than virtual_alias_recursion_limit"));
	else if (graph->size[row] > instance->expansion_limit)
		map_verdicts_refuse(graph->verdicts, row, RAIL_LIMITS,
			_("it reaches more recipients than virtual_alias_expansion_limit"));
}

static void finish_component(struct graph *graph, uint32_t root)
{
	uint32_t row = graph->stack[graph->stacked - 1];

	if (row == root) {
		graph->stacked--;
		finish_row(graph, row);
		return;
	}
	do {
		row = graph->stack[--graph->stacked];
		graph->depth[row] = 1;
		graph->size[row] = 1;
		map_verdicts_refuse(graph->verdicts, row, RAIL_LOOP,
			_("aliases would forward to each other in a circle"));
	} while (row != root);
}

static void lower(struct graph *graph, uint32_t row, uint32_t order)
{
	if (order < graph->low[row])
		graph->low[row] = order;
}

static void leave(struct graph *graph, uint32_t row)
{
	graph->length--;
	if (graph->length > 0)
		lower(graph, graph->path[graph->length - 1], graph->low[row]);
	if (graph->low[row] == graph->order[row])
		finish_component(graph, row);
}

static void follow_from(struct graph *graph, uint32_t start)
{
	enter(graph, start);
	while (graph->length > 0) {
		uint32_t row = graph->path[graph->length - 1];
		uint32_t target;

		if (graph->next[row] == graph->first[row + 1]) {
			leave(graph, row);
			continue;
		}
		target = graph->targets[graph->next[row]++];
		if (graph->order[target] == 0)
			enter(graph, target);
		else if (graph->depth[target] == 0)
			lower(graph, row, graph->order[target]);
	}
}

/* Whether any row forwards into our own domain, to another address than its own. */
static bool is_needed(const struct map_verdicts *verdicts)
{
	/* The rows as wanted were looked at already; those that are kept as they are live were not. */
	if (verdicts->leads_outside && verdicts->kept_count == 0)
		return false;
	for (size_t row = 0; row < verdicts->text.rows; row++) {
		struct span key = map_text_row(&verdicts->text, row).key;
		struct span address;
		struct span value;

		if (!map_verdicts_value(verdicts, row, &value))
			continue;
		while (map_text_next_address(&value, &address)) {
			if (!span_equal(address, key) && map_verdicts_is_own(verdicts, address))
				return true;
		}
	}
	return false;
}

void map_graph_judge(struct map_verdicts *verdicts)
{
	struct graph graph cleanup_graph = {.verdicts = verdicts};

	if (!is_needed(verdicts) || !build(&graph))
		return;
	for (uint32_t row = 0; row < verdicts->text.rows; row++) {
		if (graph.order[row] == 0)
			follow_from(&graph, row);
	}
}
