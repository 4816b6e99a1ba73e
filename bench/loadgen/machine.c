/* machine.c: clocks, and what the server costs, from /proc. */
#include "load.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void fail(const char *form, ...)
{
    va_list words;
    va_start(words, form);
    fputs("loadgen: ", stderr);
    vfprintf(stderr, form, words);
    fputc('\n', stderr);
    va_end(words);
    exit(2);
}

/* User and system time of one process, all its threads, in ticks: fields 14 and 15 of its stat. The name in field 2
 * may contain anything, so the fields are counted from its last parenthesis. */
static unsigned long ticks_of(pid_t pid)
{
    char path[64], text[2048];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        fail("process %d is gone", (int)pid);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    unsigned long user = 0, system = 0;
    const char *after_name = strrchr(text, ')');
    if (!after_name || sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        fail("cannot read %s", path);
    return user + system;
}

double server_cpu_s(void)
{
    unsigned long ticks = 0;
    for (int i = 0; i < options.pid_count; i++)
        ticks += ticks_of(options.pids[i]);
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double own_cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

long server_kib(void)
{
    long all = 0;
    for (int i = 0; i < options.pid_count; i++) {
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/%d/status", (int)options.pids[i]);
        FILE *file = fopen(path, "r");
        if (!file)
            fail("process %d is gone", (int)options.pids[i]);
        long kib;
        while (fgets(line, sizeof line, file))
            if (sscanf(line, "VmRSS: %ld", &kib) == 1)
                all += kib;
        fclose(file);
    }
    return all;
}

void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        fail("cannot run on processor %d", cpu);
}

void raise_descriptor_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}
