/*
 * doors.c: what the bytes of five protocols mean. A door is a way to cut a stream into units, and the few units that
 * matter: how one gets into a room, how something is said in it, and what must be answered (PING).
 *
 *     frames, ws    Teahouse's JSON: hello → welcome, join → room, post → posted (the author sees it too) and stored
 *     lines         people with nc: /join, then one line a message
 *     irc           NICK, USER → 001, JOIN → 366 (the end of the list of names), PRIVMSG
 *     nats          CONNECT without echo, SUB, PING → PONG, PUB
 */
#include "load.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { FRAME_HEAD = 12, CMD_JSON = 200, WS_TEXT = 1, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

static bool begins(const char *unit, size_t size, const char *with)
{
    size_t length = strlen(with);
    return size >= length && !memcmp(unit, with, length);
}

static bool contains(const char *unit, size_t size, const char *what)
{
    return memmem(unit, size, what, strlen(what)) != NULL;
}

static int room_of(const struct member *m)
{
    return options.first_room + m->room;
}

/* A cutter returns how many bytes of `data` are one unit, 0 while it is unfinished; the unit itself is `length` bytes
 * from `from` on. */
static ssize_t cut_line(const struct member *m, const char *data, size_t size, size_t *from, size_t *length)
{
    (void)m;
    const char *end = memchr(data, '\n', size);
    if (!end)
        return 0;
    *from = 0;
    *length = (size_t)(end - data);
    return end - data + 1;
}

size_t door_take(struct member *m, const char *data, size_t size)
{
    size_t used = 0;
    while (m->stage != GONE && used < size) {
        size_t from = 0, length = 0;
        ssize_t unit = options.door->cut(m, data + used, size - used, &from, &length);
        if (unit <= 0)
            break;
        options.door->hear(m, data + used + from, length);
        used += (size_t)unit;
    }
    return used;
}

/* ---- JSON, however it is wrapped */

static void json_hear(struct member *m, const char *unit, size_t size, void (*put)(struct member *, const char *, size_t))
{
    if (begins(unit, size, "{\"type\":\"posted\"")) {
        if (!tally_message(m, unit, size))
            return;
        const char *seq = memmem(unit, size, "\"seq\":", 6);
        if (seq && options.phase != HOLD)
            tally_seq(m, strtoull(seq + 6, NULL, 10));
    } else if (begins(unit, size, "{\"type\":\"stored\"")) {
        tally.stored++;
    } else if (begins(unit, size, "{\"type\":\"refused\"")) {
        if (!tally.refused++)
            fprintf(stderr, "loadgen: member %d: %.*s\n", m->id, (int)size, unit);
        if (m->stage != INSIDE)
            fail("member %d may not come in", m->id);
    } else if (m->stage == GREETING && begins(unit, size, "{\"type\":\"welcome\"")) {
        char join[64];
        int length = snprintf(join, sizeof join, "{\"type\":\"join\",\"room\":\"bench-%d\"}", room_of(m));
        m->stage = ENTERING;
        put(m, join, (size_t)length);
        member_flush(m);
    } else if (m->stage == ENTERING && begins(unit, size, "{\"type\":\"room\"")) {
        member_in(m);
    }
}

static void json_say(struct member *m, const char *text, size_t size, void (*put)(struct member *, const char *, size_t))
{
    char post[MAX_TEXT + 256], key[64] = "";
    if (options.keys)  /* as a UUIDv7: the time first, so that keys of one moment lie together */
        snprintf(key, sizeof key, ",\"key\":\"%016llx-%08x-%04x\"", (unsigned long long)now_ns(), m->said, m->id);
    int length = snprintf(post, sizeof post, "{\"type\":\"post\",\"room\":\"bench-%d\",\"text\":\"%.*s\"%s}", room_of(m),
                          (int)size, text, key);
    put(m, post, (size_t)length);
}

static const char HELLO[] = "{\"type\":\"hello\"}";

/* ---- frames */

static void frame_put(struct member *m, const char *body, size_t size)
{
    uint32_t head[3] = {htonl(1), htonl((uint32_t)size), htonl(CMD_JSON)};
    member_put(m, head, sizeof head);
    member_put(m, body, size);
}

static void frames_greet(struct member *m)
{
    frame_put(m, HELLO, sizeof HELLO - 1);
}

static ssize_t frames_cut(const struct member *m, const char *data, size_t size, size_t *from, size_t *length)
{
    uint32_t head[3];
    if (size < FRAME_HEAD)
        return 0;
    memcpy(head, data, sizeof head);
    if (ntohl(head[0]) != 1)
        fail("member %d: a frame of version %u", m->id, ntohl(head[0]));
    *from = FRAME_HEAD;
    *length = ntohl(head[1]);
    return size < FRAME_HEAD + *length ? 0 : (ssize_t)(FRAME_HEAD + *length);
}

static void frames_hear(struct member *m, const char *unit, size_t size)
{
    json_hear(m, unit, size, frame_put);
}

static void frames_say(struct member *m, const char *text, size_t size)
{
    json_say(m, text, size, frame_put);
}

/* ---- WebSocket (RFC 6455): what a client sends is masked, what a server sends is not */

static void ws_put_as(struct member *m, int opcode, const char *body, size_t size)
{
    static const unsigned char mask[4] = {0x6b, 0xe2, 0x1d, 0x94};
    unsigned char head[8] = {(unsigned char)(0x80 | opcode)};
    char masked[MAX_TEXT + 512];
    size_t used = 2;
    if (size > sizeof masked)
        fail("a unit is too long");
    if (size < 126) {
        head[1] = (unsigned char)(0x80 | size);
    } else {
        head[1] = 0x80 | 126;
        head[2] = (unsigned char)(size >> 8);
        head[3] = (unsigned char)size;
        used = 4;
    }
    memcpy(head + used, mask, sizeof mask);
    member_put(m, head, used + sizeof mask);
    for (size_t i = 0; i < size; i++)
        masked[i] = (char)(body[i] ^ mask[i & 3]);
    member_put(m, masked, size);
}

static void ws_put(struct member *m, const char *body, size_t size)
{
    ws_put_as(m, WS_TEXT, body, size);
}

static void ws_greet(struct member *m)
{
    m->stage = UPGRADING;
    member_putf(m, "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", options.port);
}

static ssize_t ws_cut(const struct member *m, const char *data, size_t size, size_t *from, size_t *length)
{
    const unsigned char *head = (const unsigned char *)data;
    if (m->stage == UPGRADING) {
        const char *end = memmem(data, size, "\r\n\r\n", 4);
        *length = end ? (size_t)(end - data) : 0;
        return end ? end - data + 4 : 0;
    }
    if (size < 2)
        return 0;
    size_t used = 2;
    *length = head[1] & 127;
    if (*length == 126) {
        if (size < 4)
            return 0;
        *length = (size_t)head[2] << 8 | head[3];
        used = 4;
    } else if (*length == 127) {
        if (size < 10)
            return 0;
        *length = 0;
        for (int i = 2; i < 10; i++)
            *length = *length << 8 | head[i];
        used = 10;
    }
    *from = used;
    return size < used + *length ? 0 : (ssize_t)(used + *length);
}

static void ws_hear(struct member *m, const char *unit, size_t size)
{
    if (m->stage == UPGRADING) {
        if (!begins(unit, size, "HTTP/1.1 101"))
            fail("no WebSocket: %.*s", (int)size, unit);
        m->stage = GREETING;
        ws_put(m, HELLO, sizeof HELLO - 1);
        member_flush(m);
        return;
    }
    /* Text is JSON and begins with a brace; what does not is a control frame, whose opcode stands before it. */
    if (size && unit[0] == '{') {
        json_hear(m, unit, size, ws_put);
        return;
    }
    int opcode = unit[-2] & 15;
    if (opcode == WS_PING) {
        ws_put_as(m, WS_PONG, unit, size);
        member_flush(m);
    } else if (opcode == WS_CLOSE) {
        member_close(m, "the server closed the WebSocket");
    }
}

static void ws_say(struct member *m, const char *text, size_t size)
{
    json_say(m, text, size, ws_put);
}

/* ---- lines */

static void lines_greet(struct member *m)
{
    member_putf(m, "/join bench-%d\n", room_of(m));
    m->stage = ENTERING;
}

static void lines_hear(struct member *m, const char *unit, size_t size)
{
    if (tally_message(m, unit, size) || m->stage != ENTERING)
        return;
    char name[32];
    snprintf(name, sizeof name, "* bench-%d:", room_of(m));
    if (begins(unit, size, name))
        member_in(m);
}

static void lines_say(struct member *m, const char *text, size_t size)
{
    member_put(m, text, size);
    member_put(m, "\n", 1);
}

/* ---- IRC */

static void irc_greet(struct member *m)
{
    member_putf(m, "NICK m%xn%d\r\nUSER load 0 * :load\r\n", (unsigned)getpid() & 0xfff, m->id);
}

static void irc_hear(struct member *m, const char *unit, size_t size)
{
    if (tally_message(m, unit, size))
        return;
    if (begins(unit, size, "PING")) {
        member_putf(m, "PONG%.*s\n", (int)(size - 4), unit + 4);
        member_flush(m);
    } else if (m->stage == GREETING && contains(unit, size, " 001 ")) {
        member_putf(m, "JOIN #bench-%d\r\n", room_of(m));
        m->stage = ENTERING;
        member_flush(m);
    } else if (m->stage == ENTERING && contains(unit, size, " 366 ")) {
        member_in(m);
    } else if (begins(unit, size, "ERROR")) {
        fprintf(stderr, "loadgen: member %d: %.*s\n", m->id, (int)size, unit);
    }
}

static void irc_say(struct member *m, const char *text, size_t size)
{
    member_putf(m, "PRIVMSG #bench-%d :%.*s\r\n", room_of(m), (int)size, text);
}

/* ---- NATS */

static void nats_greet(struct member *m)
{
    member_putf(m, "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\nSUB bench-%d 1\r\nPING\r\n", room_of(m));
}

static ssize_t nats_cut(const struct member *m, const char *data, size_t size, size_t *from, size_t *length)
{
    ssize_t line = cut_line(m, data, size, from, length);
    if (!line || !begins(data, (size_t)line, "MSG "))
        return line;
    const char *last = memrchr(data, ' ', (size_t)line);
    size_t body = strtoul(last + 1, NULL, 10);
    *from = (size_t)line;
    *length = body;
    return size < (size_t)line + body + 2 ? 0 : line + (ssize_t)body + 2;
}

static void nats_hear(struct member *m, const char *unit, size_t size)
{
    if (tally_message(m, unit, size))
        return;
    if (begins(unit, size, "PING")) {
        member_put(m, "PONG\r\n", 6);
        member_flush(m);
    } else if (m->stage == GREETING && begins(unit, size, "PONG")) {
        member_in(m);
    } else if (begins(unit, size, "-ERR")) {
        fprintf(stderr, "loadgen: member %d: %.*s\n", m->id, (int)size, unit);
        tally.refused++;
    }
}

static void nats_say(struct member *m, const char *text, size_t size)
{
    member_putf(m, "PUB bench-%d %zu\r\n%.*s\r\n", room_of(m), size, (int)size, text);
}

static const struct door DOORS[] = {
    {"frames", true, true, frames_greet, frames_cut, frames_hear, frames_say},
    {"ws", true, true, ws_greet, ws_cut, ws_hear, ws_say},
    {"lines", false, false, lines_greet, cut_line, lines_hear, lines_say},
    {"irc", false, false, irc_greet, cut_line, irc_hear, irc_say},
    {"nats", false, false, nats_greet, nats_cut, nats_hear, nats_say},
};

const struct door *door_named(const char *name)
{
    for (size_t i = 0; i < sizeof DOORS / sizeof *DOORS; i++)
        if (!strcasecmp(DOORS[i].name, name))
            return &DOORS[i];
    fail("there is no door “%s”: frames, ws, lines, irc, nats", name);
}
