/*
 * tally.c: what must arrive, and what did.
 *
 * A message says who sent it, the how-manieth of its sender it is, and when it was due:
 *
 *     ~> 000a 0000002f 0000018f3c0a9b10 xxxxxxxx…        without the spaces; hexadecimal
 *
 * A member must see of each sender the numbers 1, 2, 3 …: a larger one than the next was skipped (or overtaken), a
 * smaller one is repeated (or late). Where the door numbers a room's events, those must follow each other too.
 *
 * Delays are counted from the moment a message was *due*, not from when it was sent: a server that makes its senders
 * wait does not look faster for it. The histogram has 64 steps for each power of two: its error is below 1.6 %.
 */
#include "load.h"

#include <string.h>

enum { MARK = 2, SENDER = 4, NUMBER = 8, DUE = 16, HEAD = MARK + SENDER + NUMBER + DUE };
enum { STEPS = 64, STEP_BITS = 6, BUCKETS = STEPS * 60 };

struct tally tally;
static uint64_t buckets[BUCKETS], counted, longest;

int audience(int room)
{
    int all = options.members / options.rooms + (room < options.members % options.rooms);
    return all - 1;
}

void tally_reset(void)
{
    memset(&tally, 0, sizeof tally);
    memset(buckets, 0, sizeof buckets);
    counted = longest = 0;
    for (int i = 0; i < options.members; i++) {
        members[i].said = 0;
        memset(members[i].heard, 0, (size_t)options.senders * sizeof *members[i].heard);
    }
}

/* ---- a message, written and read */

static char *put_hex(char *at, uint64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--)
        *at++ = "0123456789abcdef"[value >> (4 * i) & 15];
    return at;
}

static uint64_t get_hex(const char *at, int digits)
{
    uint64_t value = 0;
    while (digits--) {
        value = value << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
        at++;
    }
    return value;
}

void tally_say(struct member *m, uint64_t due)
{
    static char text[MAX_TEXT];
    if (!text[MAX_TEXT - 1])
        memset(text, 'x', sizeof text);
    char *at = text;
    *at++ = '~';
    *at++ = '>';
    at = put_hex(at, (uint64_t)m->id, SENDER);
    at = put_hex(at, ++m->said, NUMBER);
    put_hex(at, due, DUE);
    options.door->say(m, text, (size_t)options.text);
    tally.sent++;
    tally.expected += (uint64_t)audience(m->room);
    tally.own_expected += options.door->own;
}

static void count_delay(uint64_t ns)
{
    uint64_t bucket = ns;
    if (ns >= STEPS) {
        int power = 63 - __builtin_clzll(ns);
        bucket = (uint64_t)(power - STEP_BITS + 1) * STEPS + (ns >> (power - STEP_BITS) & (STEPS - 1));
    }
    buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    counted++;
    if (ns > longest)
        longest = ns;
}

bool tally_message(struct member *m, const char *unit, size_t size)
{
    const char *mark = memmem(unit, size, "~>", MARK);
    if (!mark || unit + size - mark < HEAD)
        return false;
    if (options.phase == HOLD)  /* who only sits there hears others' messages, of which it knows nothing */
        return true;
    uint64_t sender = get_hex(mark + MARK, SENDER);
    uint32_t number = (uint32_t)get_hex(mark + MARK + SENDER, NUMBER);
    if (sender >= (uint64_t)options.senders)
        fail("a message of somebody unknown: %.*s", (int)(size < 80 ? size : 80), unit);
    uint32_t *last = &m->heard[sender];
    if (number > *last + 1)
        tally.skipped += number - *last - 1;
    if (number <= *last)
        tally.repeated++;
    else
        *last = number;
    if (sender == (uint64_t)m->id) {
        tally.own++;
        return true;
    }
    tally.delivered++;
    tally.last_delivery = read_at;
    if (options.phase == PACE) {
        uint64_t due = get_hex(mark + MARK + SENDER + NUMBER, DUE);
        if (due >= tally.count_from)
            count_delay(read_at > due ? read_at - due : 0);
    }
    return true;
}

void tally_seq(struct member *m, uint64_t seq)
{
    if (m->room_seq && seq != m->room_seq + 1)
        tally.holes++;
    m->room_seq = seq;
}

/* ---- the sum */

bool tally_complete(void)
{
    return tally.delivered >= tally.expected && tally.own >= tally.own_expected &&
           (!options.door->acknowledges || tally.stored >= tally.sent);
}

bool tally_sound(void)
{
    return tally.delivered == tally.expected && tally.own == tally.own_expected &&
           (!options.door->acknowledges || tally.stored == tally.sent) &&
           !tally.skipped && !tally.repeated && !tally.holes && !tally.refused;
}

double delay_us(double quantile)
{
    uint64_t rank = (uint64_t)(quantile * (double)counted), before = 0;
    for (int i = 0; i < BUCKETS; i++) {
        before += buckets[i];
        if (before > rank) {
            if (i < STEPS)
                return (double)i / 1e3;
            int shift = i / STEPS - 1;
            return (double)((uint64_t)(STEPS + i % STEPS) << shift) / 1e3;
        }
    }
    return (double)longest / 1e3;
}

double delay_max_us(void)
{
    return (double)longest / 1e3;
}
