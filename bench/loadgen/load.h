/*
 * load.h: the words that all parts of the generator share.
 *
 *     main.c      options in, one JSON object out
 *     phases.c    what is done: join, saturate, pace, flood, hold
 *     member.c    one connection: its bytes, and the turn of the loop that moves them
 *     doors.c     what the bytes mean: frames, WebSocket, lines, IRC, NATS
 *     tally.c     what must arrive, and what did: each message at each member once, in order
 *     machine.c   clocks, and what the server costs
 *
 * Linux, C11, one thread, epoll. A member is one connection in one room; the first `senders` of them send. A *delivery*
 * is one message at a member other than its author, whether or not the door shows authors their own: so one figure
 * compares servers that do with servers that do not. Where a door does, the author's own copy is checked all the same.
 */
#ifndef LOAD_H
#define LOAD_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAX_PIDS = 16, MIN_TEXT = 40, MAX_TEXT = 1500, CHUNK = 1 << 18 };

/* ---- what was asked */

struct door;

enum phase { SATURATE, PACE, FLOOD, HOLD };
enum reading { READ_ALL, READ_NOTHING, READ_DRIPS };

struct options {
    const struct door *door;
    enum phase phase;
    enum reading reading;
    int port, members, senders, rooms, first_room;
    int window;          /* messages on their way at most, all senders together */
    int burst;           /* … of them in one write */
    int text;            /* bytes of one message */
    int at_once;         /* members that are coming in at the same time */
    int cpu;             /* pinned to this one; -1: anywhere */
    bool keys;           /* JSON doors: each post has a key of its own */
    double rate;         /* paced: messages a second */
    double seconds, warmup, patience;
    pid_t pids[MAX_PIDS];
    int pid_count;
};
extern struct options options;

/* ---- members */

enum stage { DIALING, UPGRADING, GREETING, ENTERING, INSIDE, GONE };

struct bytes { char *at; size_t size, room; };

struct member {
    int fd, id, room;
    enum stage stage;
    bool wants_write;
    struct bytes in;     /* an unfinished unit */
    struct bytes out;    /* what the socket did not take yet */
    size_t written;      /* … of which this much is gone */
    uint32_t said;       /* the number of the last message it sent */
    uint32_t *heard;     /* for each sender of its room: the number of the last message it saw */
    uint64_t room_seq;   /* JSON doors: the number of the last event it saw */
};

extern struct member *members;
extern int inside, gone;
extern uint64_t reads, read_at;             /* how often something was read, and when last; ns */

void members_make(void);
void members_dial(struct member *m);
void member_in(struct member *m);                             /* it is inside its room now */
void member_put(struct member *m, const void *data, size_t size);
void member_putf(struct member *m, const char *form, ...) __attribute__((format(printf, 2, 3)));
void member_flush(struct member *m);
void member_close(struct member *m, const char *why);
void turn(int timeout_ms);                                    /* one turn of the loop */
void turn_watch(int fd);                                      /* wake the loop for this descriptor too */
void drip(void);                                              /* each member reads one byte */

/* ---- doors */

struct door {
    const char *name;
    bool own;            /* an author sees what he said */
    bool acknowledges;   /* … and is told that it is stored */
    void (*greet)(struct member *m);
    ssize_t (*cut)(const struct member *m, const char *data, size_t size, size_t *from, size_t *length);
    void (*hear)(struct member *m, const char *unit, size_t size);
    void (*say)(struct member *m, const char *text, size_t size);
};

const struct door *door_named(const char *name);
/* Take the units that `data` completes; return how many bytes they had. */
size_t door_take(struct member *m, const char *data, size_t size);

/* ---- tally */

struct tally {
    uint64_t sent, expected, delivered;      /* deliveries: at members other than the author */
    uint64_t own_expected, own;              /* the authors' own copies */
    uint64_t stored;                         /* acknowledgements */
    uint64_t skipped, repeated, holes, refused;
    uint64_t count_from;                     /* delays of messages that were due before this are not counted */
    uint64_t last_delivery;                  /* when the newest one was read; ns */
};
extern struct tally tally;

void tally_reset(void);
int audience(int room);                      /* members of a room but one */
void tally_say(struct member *m, uint64_t due);   /* have it send the next message, due then */
bool tally_message(struct member *m, const char *unit, size_t size);   /* whether the unit is a message */
void tally_seq(struct member *m, uint64_t seq);
bool tally_complete(void);                   /* all that is owed has come */
bool tally_sound(void);                      /* … and nothing else */
double delay_us(double quantile);
double delay_max_us(void);

/* ---- machine */

uint64_t now_ns(void);
double server_cpu_s(void);
double own_cpu_s(void);
long server_kib(void);                       /* resident */
void pin(int cpu);
void raise_descriptor_limit(void);
void fail(const char *form, ...) __attribute__((format(printf, 1, 2), noreturn));

/* ---- phases */

struct result { double seconds, server_cpu_s, own_cpu_s; bool stalled; };

struct joining { double seconds, server_cpu_s; long kib_before, kib_after; };

struct joining join_all(void);
struct result saturate(void);
struct result pace(void);
void flood(void);                            /* until the standard input ends */
void hold(void);                             /* likewise */

#endif
