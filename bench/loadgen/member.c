/*
 * member.c: one connection, and the turn of the loop that moves the bytes of all of them.
 *
 * What a socket does not take waits in `out`; what does not complete a unit waits in `in`. Everything else goes through
 * one buffer that all share, so a member that is idle costs next to nothing.
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct member *members;
int inside, gone;
uint64_t reads, read_at;

static int poller = -1;
static char chunk[CHUNK];

void members_make(void)
{
    poller = epoll_create1(EPOLL_CLOEXEC);
    members = calloc((size_t)options.members, sizeof *members);
    if (poller < 0 || !members)
        fail("no memory for %d members", options.members);
    for (int i = 0; i < options.members; i++) {
        struct member *m = &members[i];
        m->id = i;
        m->room = i % options.rooms;
        m->fd = -1;
        m->heard = calloc((size_t)(options.senders ? options.senders : 1), sizeof *m->heard);
        if (!m->heard)
            fail("no memory for %d members", options.members);
    }
}

static void watch(struct member *m, int operation, bool write)
{
    struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = m};
    if (options.reading != READ_ALL && m->stage == INSIDE)
        event.events &= ~(unsigned)EPOLLIN;
    if (epoll_ctl(poller, operation, m->fd, &event))
        fail("epoll_ctl: %s", strerror(errno));
    m->wants_write = write;
}

void members_dial(struct member *m)
{
    m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (m->fd < 0)
        fail("socket: %s", strerror(errno));
    int yes = 1, little = 4096;
    setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    /* A reset rather than TIME_WAIT: tens of thousands of connections come from one address. */
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(m->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (options.reading != READ_ALL)  /* the kernel must not do the reading for it */
        setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(m->fd, (struct sockaddr *)&there, sizeof there) && errno != EINPROGRESS)
        fail("connect: %s", strerror(errno));
    m->stage = DIALING;
    watch(m, EPOLL_CTL_ADD, true);
}

void member_in(struct member *m)
{
    m->stage = INSIDE;
    inside++;
    if (options.reading != READ_ALL)
        watch(m, EPOLL_CTL_MOD, m->wants_write);
}

void member_close(struct member *m, const char *why)
{
    if (m->stage == GONE)
        return;
    if (gone++ < 3)
        fprintf(stderr, "loadgen: member %d is gone: %s\n", m->id, why);
    inside -= m->stage == INSIDE;
    m->stage = GONE;
    close(m->fd);
    m->out.size = m->written = 0;
}

/* ---- out */

static void append(struct bytes *to, const void *data, size_t size)
{
    if (to->size + size > to->room) {
        to->room = (to->size + size) * 2;
        to->at = realloc(to->at, to->room);
        if (!to->at)
            fail("no memory");
    }
    memcpy(to->at + to->size, data, size);
    to->size += size;
}

void member_put(struct member *m, const void *data, size_t size)
{
    append(&m->out, data, size);
}

void member_putf(struct member *m, const char *form, ...)
{
    char text[MAX_TEXT + 512];
    va_list words;
    va_start(words, form);
    int size = vsnprintf(text, sizeof text, form, words);
    va_end(words);
    if (size < 0 || (size_t)size >= sizeof text)
        fail("a unit is too long");
    member_put(m, text, (size_t)size);
}

void member_flush(struct member *m)
{
    while (m->written < m->out.size) {
        ssize_t size = send(m->fd, m->out.at + m->written, m->out.size - m->written, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN) {
            if (!m->wants_write)
                watch(m, EPOLL_CTL_MOD, true);
            return;
        }
        if (size < 0) {
            member_close(m, strerror(errno));
            return;
        }
        m->written += (size_t)size;
    }
    m->out.size = m->written = 0;
    if (m->wants_write && m->stage != GONE)
        watch(m, EPOLL_CTL_MOD, false);
}

/* ---- in */

static void take(struct member *m, size_t size)
{
    size_t used = door_take(m, chunk, size);
    if (m->stage == GONE)
        return;
    m->in.size = 0;
    if (used < size)
        append(&m->in, chunk + used, size - used);
}

static void read_some(struct member *m, size_t most)
{
    size_t held = m->in.size;
    if (held >= sizeof chunk)
        fail("member %d: a unit of more than %zu bytes", m->id, sizeof chunk);
    if (held)
        memcpy(chunk, m->in.at, held);
    size_t space = sizeof chunk - held;
    ssize_t size = recv(m->fd, chunk + held, most < space ? most : space, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        member_close(m, size ? strerror(errno) : "the server ended it");
        return;
    }
    reads++;
    read_at = now_ns();
    take(m, held + (size_t)size);
}

static void dialled(struct member *m)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error)
        fail("connect: %s", strerror(error));
    m->stage = GREETING;
    options.door->greet(m);
    member_flush(m);
    if (!m->out.size && m->wants_write && m->stage != GONE)
        watch(m, EPOLL_CTL_MOD, false);
}

void turn_watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event))
        fail("epoll_ctl: %s", strerror(errno));
}

void turn(int timeout_ms)
{
    struct epoll_event events[512];
    int count = epoll_wait(poller, events, 512, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct member *m = events[i].data.ptr;
        if (!m || m->stage == GONE)
            continue;
        if (m->stage == DIALING) {
            dialled(m);
            continue;
        }
        if (events[i].events & EPOLLOUT)
            member_flush(m);
        if (m->stage != GONE && events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
            read_some(m, sizeof chunk);
    }
}

void drip(void)
{
    for (int i = 0; i < options.members; i++)
        if (members[i].stage == INSIDE)
            read_some(&members[i], 1);
}
