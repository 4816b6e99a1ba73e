/* main.c: options in, one JSON object out. Exit status: 0 sound, 1 something was lost, doubled, out of order or refused,
 * 2 it could not be measured at all. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options options = {
    .phase = SATURATE, .reading = READ_ALL, .members = 10, .senders = 1, .rooms = 1, .first_room = 1, .window = 256,
    .burst = 16, .text = 80, .at_once = 256, .cpu = -1, .rate = 100, .seconds = 3, .warmup = 0.5, .patience = 15,
};

static const char USAGE[] =
    "usage: loadgen --door DOOR --port PORT [options]\n"
    "  --door NAME       frames, ws, lines, irc, nats\n"
    "  --phase NAME      saturate (default), pace, flood, hold; the last two until the standard input ends\n"
    "  --members N       connections (10), spread over\n"
    "  --rooms R         rooms (1), numbered from\n"
    "  --first-room F    (1)\n"
    "  --senders M       the first M members send (1)\n"
    "  --text BYTES      of one message (80)\n"
    "  --keys            JSON doors: each post has a key\n"
    "  --window W        saturate: messages on their way at most (256)\n"
    "  --burst B         saturate, flood: messages in one write at most (16)\n"
    "  --rate R          pace: messages a second (100)\n"
    "  --seconds S       saturate, pace: how long (3), after\n"
    "  --warmup S        seconds that do not count (0.5)\n"
    "  --reads HOW       hold: all (default), nothing, drips (a byte a second)\n"
    "  --at-once N       members that are coming in at the same time (256)\n"
    "  --pid P           a server process whose CPU and memory are counted; may be repeated\n"
    "  --cpu C           run on this processor only\n"
    "  --patience S      give up when nothing has come for so long (15)\n";

static long number(const char *text, long least, long most)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || *end || end == text || value < least || value > most)
        fail("“%s” is not a number from %ld to %ld", text, least, most);
    return value;
}

static double quantity(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || end == text || !(value >= 0 && value <= 1e9))
        fail("“%s” is not a quantity", text);
    return value;
}

static int one_of(const char *text, const char *const *names, const char *what)
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(names[i], text))
            return i;
    fail("there is no %s “%s”", what, text);
}

static const char *const PHASES[] = {"saturate", "pace", "flood", "hold", NULL};
static const char *const READINGS[] = {"all", "nothing", "drips", NULL};

static void read_options(int count, char **words)
{
    static const struct option KNOWN[] = {
        {"door", 1, 0, 'd'},    {"port", 1, 0, 'p'},     {"phase", 1, 0, 'P'},   {"members", 1, 0, 'm'},
        {"rooms", 1, 0, 'r'},   {"first-room", 1, 0, 'f'}, {"senders", 1, 0, 's'}, {"text", 1, 0, 't'},
        {"keys", 0, 0, 'k'},    {"window", 1, 0, 'w'},   {"burst", 1, 0, 'b'},   {"rate", 1, 0, 'R'},
        {"seconds", 1, 0, 'S'}, {"warmup", 1, 0, 'W'},   {"reads", 1, 0, 'x'},   {"at-once", 1, 0, 'a'},
        {"pid", 1, 0, 'i'},     {"cpu", 1, 0, 'c'},      {"patience", 1, 0, 'y'}, {0, 0, 0, 0},
    };
    for (int word; (word = getopt_long(count, words, "", KNOWN, NULL)) != -1;) {
        switch (word) {
        case 'd': options.door = door_named(optarg); break;
        case 'p': options.port = (int)number(optarg, 1, 65535); break;
        case 'P': options.phase = (enum phase)one_of(optarg, PHASES, "phase"); break;
        case 'm': options.members = (int)number(optarg, 1, 65535); break;
        case 'r': options.rooms = (int)number(optarg, 1, 65535); break;
        case 'f': options.first_room = (int)number(optarg, 1, 1000000); break;
        case 's': options.senders = (int)number(optarg, 0, 65535); break;
        case 't': options.text = (int)number(optarg, MIN_TEXT, MAX_TEXT); break;
        case 'k': options.keys = true; break;
        case 'w': options.window = (int)number(optarg, 1, 1000000); break;
        case 'b': options.burst = (int)number(optarg, 1, 10000); break;
        case 'R': options.rate = quantity(optarg); break;
        case 'S': options.seconds = quantity(optarg); break;
        case 'W': options.warmup = quantity(optarg); break;
        case 'x': options.reading = (enum reading)one_of(optarg, READINGS, "way to read"); break;
        case 'a': options.at_once = (int)number(optarg, 1, 65535); break;
        case 'i':
            if (options.pid_count == MAX_PIDS)
                fail("more than %d processes", MAX_PIDS);
            options.pids[options.pid_count++] = (pid_t)number(optarg, 1, 1L << 30);
            break;
        case 'c': options.cpu = (int)number(optarg, 0, 1023); break;
        case 'y': options.patience = quantity(optarg); break;
        default: fputs(USAGE, stderr); exit(2);
        }
    }
    if (optind < count || !options.door || !options.port) {
        fputs(USAGE, stderr);
        exit(2);
    }
    if (options.senders > options.members || options.rooms > options.members)
        fail("more senders or rooms than members");
    if (options.members % options.rooms && options.phase == SATURATE)
        fail("to saturate, rooms must be of one size");
    if (options.phase != HOLD && (!options.senders || options.reading != READ_ALL))
        fail("somebody must send, and everybody must read, to %s", PHASES[options.phase]);
}

static void print_joining(const struct joining *joining)
{
    double all = options.members;
    printf("{\"door\":\"%s\",\"phase\":\"%s\",\"members\":%d,\"senders\":%d,\"rooms\":%d,\"text_bytes\":%d,"
           "\"joins\":{\"seconds\":%.4f,\"per_s\":%.1f,\"cpu_us\":%.1f,\"kib_before\":%ld,\"kib_after\":%ld,\"kib_each\":%.3f}",
           options.door->name, PHASES[options.phase], options.members, options.senders, options.rooms, options.text,
           joining->seconds, all / joining->seconds, joining->server_cpu_s / all * 1e6, joining->kib_before,
           joining->kib_after, (double)(joining->kib_after - joining->kib_before) / all);
}

static bool print_result(const struct result *result)
{
    bool sound = tally_sound() && !gone && !result->stalled;
    double delivered = tally.delivered ? (double)tally.delivered : 1;
    printf(",\"seconds\":%.4f,\"messages\":%lu,\"deliveries\":%lu,\"deliveries_per_s\":%.1f,\"cpu_s\":%.3f,"
           "\"cpu_s_per_million\":%.4f,\"server_busy\":%.3f,\"generator_busy\":%.3f",
           result->seconds, tally.sent, tally.delivered, (double)tally.delivered / result->seconds, result->server_cpu_s,
           result->server_cpu_s / delivered * 1e6, result->server_cpu_s / result->seconds,
           result->own_cpu_s / result->seconds);
    if (options.phase == PACE)
        printf(",\"delay_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", delay_us(0.5),
               delay_us(0.9), delay_us(0.99), delay_us(0.999), delay_max_us());
    printf(",\"missing\":%ld,\"own_missing\":%ld,\"stored_missing\":%ld,\"skipped\":%lu,\"repeated\":%lu,\"holes\":%lu,"
           "\"refused\":%lu,\"gone\":%d,\"stalled\":%s,\"sound\":%s}\n",
           (long)(tally.expected - tally.delivered), (long)(tally.own_expected - tally.own),
           options.door->acknowledges ? (long)(tally.sent - tally.stored) : 0L, tally.skipped, tally.repeated, tally.holes,
           tally.refused, gone, result->stalled ? "true" : "false", sound ? "true" : "false");
    return sound;
}

/* Say that everybody is in, then stay; the caller ends it by closing our standard input. */
static bool stay(const struct joining *joining)
{
    print_joining(joining);
    printf(",\"sound\":true}\n");
    fflush(stdout);
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    if (options.phase == FLOOD)
        flood();
    else
        hold();
    bool sound = !tally.skipped && !tally.repeated && !tally.holes && !tally.refused && (!gone || options.reading != READ_ALL);
    printf("{\"phase\":\"%s\",\"messages\":%lu,\"deliveries\":%lu,\"inside\":%d,\"gone\":%d,\"sound\":%s}\n",
           PHASES[options.phase], tally.sent, tally.delivered, inside, gone, sound ? "true" : "false");
    return sound;
}

int main(int count, char **words)
{
    read_options(count, words);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    if (options.cpu >= 0)
        pin(options.cpu);
    members_make();
    struct joining joining = join_all();
    if (options.phase == FLOOD || options.phase == HOLD)
        return !stay(&joining);
    struct result result = options.phase == SATURATE ? saturate() : pace();
    print_joining(&joining);
    return !print_result(&result);
}
