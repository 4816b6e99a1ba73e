/*
 * phases.c: what is done with the members.
 *
 *     join       all of them come in, some at a time; then nobody speaks until it is quiet
 *     saturate   as fast as a window allows: so many messages may be on their way, so that no server's send queue
 *                overflows and the figure is a rate, not a race
 *     pace       at a fixed rate, whether the server keeps up or not
 *     flood      as fast as the sockets take it, until somebody ends the standard input
 *     hold       sit there, reading all, nothing, or a byte a second, likewise
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

static const double QUIET_S = 0.3, QUIET_AT_MOST_S = 30;

static double since(uint64_t start)
{
    return (double)(now_ns() - start) / 1e9;
}

static void wait_until_quiet(void)
{
    uint64_t start = now_ns(), last = start, before = reads;
    while (since(last) < QUIET_S && since(start) < QUIET_AT_MOST_S) {
        turn(20);
        if (reads != before) {
            before = reads;
            last = now_ns();
        }
    }
}

struct joining join_all(void)
{
    struct joining result = {.kib_before = server_kib()};
    double cpu = server_cpu_s();
    uint64_t start = now_ns(), last = start;
    int dialled = 0, before = 0;
    while (inside < options.members) {
        while (dialled < options.members && dialled - inside < options.at_once)
            members_dial(&members[dialled++]);
        turn(100);
        if (gone)
            fail("%d of %d members were let in", inside, options.members);
        if (inside != before) {
            before = inside;
            last = now_ns();
        }
        if (since(last) > options.patience)
            fail("%d of %d members came in, then nothing happened for %.0f s", inside, options.members, options.patience);
    }
    result.seconds = since(start);
    result.server_cpu_s = server_cpu_s() - cpu;
    wait_until_quiet();
    result.kib_after = server_kib();
    return result;
}

/* ---- as fast as a window allows */

static int on_their_way(void)
{
    int hearers = audience(0) > 0 ? audience(0) : 1;
    uint64_t missing = tally.expected - tally.delivered;
    return (int)((missing + (uint64_t)hearers - 1) / (uint64_t)hearers);
}

/* Let each sender in turn say a burst, as long as the window is open; return whether anybody could. */
static bool offer(int *next)
{
    bool said = false;
    for (int i = 0; i < options.senders; i++) {
        int open = options.window - on_their_way();
        if (open <= 0)
            break;
        struct member *m = &members[*next];
        *next = (*next + 1) % options.senders;
        if (m->stage != INSIDE || m->out.size)
            continue;
        for (int burst = options.burst < open ? options.burst : open; burst > 0; burst--)
            tally_say(m, now_ns());
        member_flush(m);
        said = true;
    }
    return said;
}

/* Saturate for so long, then wait for all that is owed. The clock stops at the last delivery. */
static struct result run_window(double seconds)
{
    struct result result = {0};
    tally_reset();
    double cpu = server_cpu_s(), own = own_cpu_s();
    uint64_t start = now_ns(), progress = start, before = 0;
    int next = 0;
    tally.last_delivery = start;
    for (;;) {
        bool sending = since(start) < seconds;
        if (!sending && tally_complete())
            break;
        bool said = sending && offer(&next);
        turn(said ? 0 : 50);
        uint64_t news = tally.delivered + tally.own + tally.stored;
        if (news != before) {
            before = news;
            progress = now_ns();
        } else if (since(progress) > options.patience) {
            result.stalled = true;
            break;
        }
    }
    result.seconds = (double)(tally.last_delivery - start) / 1e9;
    result.server_cpu_s = server_cpu_s() - cpu;
    result.own_cpu_s = own_cpu_s() - own;
    return result;
}

struct result saturate(void)
{
    if (options.warmup > 0) {
        struct result warm = run_window(options.warmup);
        if (warm.stalled || !tally_sound())
            return warm;
    }
    return run_window(options.seconds);
}

/* ---- at a fixed rate */

static void wake_at(int timer, uint64_t due)
{
    struct itimerspec when = {.it_value = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL))
        fail("timerfd_settime: %s", strerror(errno));
}

struct result pace(void)
{
    struct result result = {0};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer < 0)
        fail("timerfd_create: %s", strerror(errno));
    turn_watch(timer);
    tally_reset();
    double cpu = server_cpu_s(), own = own_cpu_s();
    uint64_t start = now_ns() + 1000000, progress = start, before = 0, said = 0;
    uint64_t gap = (uint64_t)(1e9 / options.rate);
    uint64_t all = (uint64_t)((options.warmup + options.seconds) * options.rate);
    tally.count_from = start + (uint64_t)(options.warmup * 1e9);
    while (said < all || !tally_complete()) {
        for (uint64_t now = now_ns(); said < all && start + said * gap <= now; said++) {
            struct member *m = &members[said % (uint64_t)options.senders];
            tally_say(m, start + said * gap);
            member_flush(m);
        }
        if (said < all)
            wake_at(timer, start + said * gap);
        turn(50);
        uint64_t expirations;
        if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN)
            fail("timer: %s", strerror(errno));
        uint64_t news = tally.delivered + tally.own + tally.stored + said;
        if (news != before) {
            before = news;
            progress = now_ns();
        } else if (now_ns() > progress && since(progress) > options.patience) {
            result.stalled = true;
            break;
        }
    }
    result.seconds = since(start);
    result.server_cpu_s = server_cpu_s() - cpu;
    result.own_cpu_s = own_cpu_s() - own;
    close(timer);
    return result;
}

/* ---- beside others, until the standard input ends */

static bool input_ended(void)
{
    /* not blocking: see main */
    char byte[64];
    ssize_t size = read(STDIN_FILENO, byte, sizeof byte);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

void flood(void)
{
    tally_reset();
    turn_watch(STDIN_FILENO);
    while (!input_ended()) {
        for (int i = 0; i < options.senders; i++) {
            struct member *m = &members[i];
            if (m->stage != INSIDE || m->out.size)
                continue;
            for (int burst = 0; burst < options.burst; burst++)
                tally_say(m, now_ns());
            member_flush(m);
        }
        turn(1);
    }
}

void hold(void)
{
    uint64_t last_drip = now_ns();
    turn_watch(STDIN_FILENO);
    while (!input_ended()) {
        turn(200);
        if (options.reading == READ_DRIPS && since(last_drip) >= 1) {
            last_drip = now_ns();
            drip();
        }
    }
}
