/* SPDX-License-Identifier: MIT */
#include "primitives/report.h"

#include <unistd.h>

#include <weft/watch.h>

#include "platform/clock.h"
#include "primitives/inspect.h"
#include "primitives/self.h"

enum { REPORT_BYTES = 4096 };

/* Guarded by the tables' mutex. */
static weft_report_function *present_function;
static void *present_arg;

void weft_set_report(weft_report_function *function, void *arg)
{
    wefti_tables_lock();
    present_function = function;
    present_arg = arg;
    wefti_tables_unlock();
}

/* Says what had to be left out, and hands the text over. */
static void tell(weft_report_kind kind, struct wefti_text *text)
{
    wefti_tables_lock();
    weft_report_function *function = present_function;
    void *arg = present_arg;
    uint32_t unwatched = wefti_unwatched;
    wefti_tables_unlock();
    if (unwatched != 0) {
        wefti_put(text, "    there may be more: memory was short, and ");
        wefti_put_number(text, unwatched, 1, '0');
        wefti_put(text, " times something was left out\n");
    }
    if (function == NULL) {
        (void)wefti_text_write(text, STDERR_FILENO);
        return;
    }
    wefti_text_end(text, '\0');
    struct wefti_self *self = wefti_self();
    bool nested = self->hands.reporting;
    self->hands.reporting = true;
    function(&(weft_report){.kind = kind, .text = text->bytes}, arg);
    self->hands.reporting = nested;
}

static void put_thread(struct wefti_text *text, uint32_t number)
{
    wefti_put(text, "thread ");
    wefti_put_number(text, number, 1, '0');
    wefti_registry_lock();
    const struct wefti_self *self = wefti_registry_after(number - 1);
    wefti_put(text, " ");
    if (self != NULL && self->number == number)
        wefti_put_thread(text, self);
    else
        wefti_put(text, "(ended)");
    wefti_registry_unlock();
}

static void put_holding(struct wefti_text *text, const struct wefti_holding *holding, int64_t now)
{
    wefti_put(text, "\n        holds ");
    wefti_put_what(text, (struct wefti_key){holding->object, holding->want.kind});
    wefti_put(text, holding->want.shared ? " as a reader, taken " : ", taken ");
    wefti_put_seconds(text, now - holding->since);
    wefti_put(text, " ago at ");
    wefti_put_place(text, holding->want.site);
}

/* ---- deadlocks ----------------------------------------------------------------------------- */

static void put_link(struct wefti_text *text, const struct wefti_link *link, int64_t now)
{
    wefti_put(text, "    ");
    put_thread(text, link->thread);
    if (link->held.object != NULL)
        put_holding(text, &link->held, now);
    wefti_put(text, "\n        wants ");
    if (link->want.kind == WEFTI_THREAD) {
        wefti_put(text, "the end of ");
        put_thread(text, link->ends);
    } else {
        wefti_put_what(text, (struct wefti_key){link->want.object, link->want.kind});
        wefti_put(text, link->want.shared ? " as a reader" : "");
    }
    wefti_put(text, ", since ");
    wefti_put_seconds(text, now - link->wants_since);
    wefti_put(text, ", at ");
    wefti_put_place(text, link->want.site);
    wefti_put(text, "\n");
}

void wefti_report_deadlock(const struct wefti_cycle *cycle)
{
    char bytes[REPORT_BYTES];
    struct wefti_text text = WEFTI_TEXT(bytes);
    int64_t now = wefti_clock();
    wefti_put(&text, cycle->certain ? "weft: deadlock: " : "weft: possible deadlock: ");
    if (cycle->count == 1) {
        wefti_put(&text, "a thread waits for itself");
    } else {
        wefti_put_number(&text, cycle->count, 1, '0');
        wefti_put(&text, " threads wait for each other");
    }
    if (!cycle->certain)
        wefti_put(&text, ", unless another thread releases a Lock of theirs");
    wefti_put(&text, "\n");
    for (size_t i = 0; i < cycle->count && i < WEFTI_LINKS_MOST; i++)
        put_link(&text, &cycle->links[i], now);
    if (cycle->count > WEFTI_LINKS_MOST)
        wefti_put(&text, "    and so on\n");
    tell(cycle->certain ? WEFT_REPORT_DEADLOCK : WEFT_REPORT_POSSIBLE_DEADLOCK, &text);
}

/* ---- lock orders --------------------------------------------------------------------------- */

static void put_class(struct wefti_text *text, const struct wefti_label *label)
{
    struct wefti_symbol symbol;
    if (label->kind == WEFTI_BY_NAME) {
        wefti_put(text, label->name);
    } else if (label->kind == WEFTI_BY_SYMBOL && wefti_symbol_at(label->place, &symbol) &&
               symbol.name != NULL) {
        wefti_put(text, symbol.name);
    } else {
        wefti_put(text, "[first taken at ");
        wefti_put_place(text, label->place);
        wefti_put(text, "]");
    }
}

static void put_step(struct wefti_text *text, const char *when, const struct wefti_step *step)
{
    wefti_put(text, when);
    put_class(text, &step->from);
    wefti_put(text, " taken at ");
    wefti_put_place(text, step->from_site);
    wefti_put(text, ", then ");
    put_class(text, &step->to);
    wefti_put(text, " at ");
    wefti_put_place(text, step->to_site);
    wefti_put(text, " by ");
    put_thread(text, step->thread);
    wefti_put(text, "\n");
}

void wefti_report_inversion(const struct wefti_inversion *inversion)
{
    char bytes[REPORT_BYTES];
    struct wefti_text text = WEFTI_TEXT(bytes);
    wefti_put(&text, "weft: lock order: ");
    put_class(&text, &inversion->now.to);
    wefti_put(&text, " after ");
    put_class(&text, &inversion->now.from);
    wefti_put(&text, ", and before it elsewhere\n");
    put_step(&text, "    now     ", &inversion->now);
    for (size_t i = 0; i < inversion->count && i < WEFTI_STEPS_MOST; i++)
        put_step(&text, "    before  ", &inversion->steps[i]);
    if (inversion->count > WEFTI_STEPS_MOST)
        wefti_put(&text, "    and so on\n");
    tell(WEFT_REPORT_LOCK_ORDER, &text);
}

/* ---- misuse -------------------------------------------------------------------------------- */

void wefti_report_misuse(const struct wefti_misuse *misuse)
{
    char bytes[REPORT_BYTES];
    struct wefti_text text = WEFTI_TEXT(bytes);
    int64_t now = wefti_clock();
    wefti_put(&text, "weft: misuse: ");
    put_thread(&text, misuse->thread);
    if (misuse->mistake == WEFTI_HELD_AT_END) {
        wefti_put(&text, " ends, and what it holds nobody else may release\n");
    } else {
        wefti_put(&text, " gives up a share that it does not have, of ");
        wefti_put_what(&text, (struct wefti_key){misuse->want.object, misuse->want.kind});
        wefti_put(&text, ", at ");
        wefti_put_place(&text, misuse->want.site);
        wefti_put(&text, "\n");
    }
    for (size_t i = 0; i < misuse->count && i < WEFTI_HOLDINGS_MOST; i++) {
        wefti_put(&text, "    ");
        put_thread(&text, misuse->holdings[i].thread);
        put_holding(&text, &misuse->holdings[i], now);
        wefti_put(&text, "\n");
    }
    if (misuse->count > WEFTI_HOLDINGS_MOST)
        wefti_put(&text, "    and so on\n");
    tell(WEFT_REPORT_MISUSE, &text);
}
