/*
 * Opens many streams of Server-Sent Events and measures what arrives in them.
 *
 * Every event's data is JSON that somewhere holds "n":COUNTER and "sent":MICROSECONDS (of the
 * wall clock). What was sent within the window of measurement is counted for each stream: what
 * never came, what came twice or out of order, and how long it took. What arrived within the
 * window is counted too, whenever it was sent: that is what the server's CPU was spent on.
 *
 * It says where it is, one JSON object a line: "connected", "window", "over", "result".
 * Streams are opened no faster than told, and everything ends after a time that is known before.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER = 256 * 1024,
    LONGEST_LINE = 1024 * 1024,
    LONGEST_HEAD = 16 * 1024,
    EVENTS = 512,
    MAX_THREADS = 16,
    /* Of the histogram: 32 steps in each doubling are 3 % at most from the truth. */
    STEP_BITS = 5,
    STEPS = 1 << STEP_BITS,
    BUCKETS = 40 * STEPS,
};

enum stage { CONNECTING, HEAD, BODY, STUCK, CLOSED };
enum chunk { SIZE, EXTENSION, DATA, DATA_END, TRAILER };

struct stream {
    int fd;
    enum stage stage;
    enum chunk chunk;
    bool stuck, chunked, wanted, measured, past;
    uint64_t left;      /* bytes of this chunk that are still to come */
    char *line;         /* the beginning of a line whose end has not been read yet */
    size_t length, room;
    uint64_t n, sent;   /* of the event that is being read */
    uint64_t first, last; /* counters of the first and the last event within the window */
    uint64_t counted, again;
};

struct worker {
    pthread_t thread;
    int epoll;
    struct stream *streams;
    int count, opened, pending;
    uint64_t next_open; /* when the next one may be opened, in microseconds */
    char *buffer;
    size_t n_hint, sent_hint; /* where the two were in the event before */
    uint64_t arrived, bytes, reads, resets, closings, comments;
    uint64_t least, most, slowest;
    uint64_t histogram[BUCKETS];
    atomic_int ready, closed, past, healthy;
};

static struct {
    int port, streams, stuck, threads, receive_buffer, pending;
    double rate, seconds, settle, grace, connect_seconds;
    const char *path, *event;
    size_t event_length;
    bool unnamed; /* counted is what has no name, which means "message" */
    char request[8192];
    size_t request_length;
} given = {
    .streams = 1, .threads = 1, .receive_buffer = 4096, .pending = 64, .rate = 1000, .seconds = 10,
    .settle = 2, .grace = 5, .connect_seconds = 120, .path = "/", .event = "message",
};

static struct worker workers[MAX_THREADS];
static atomic_uint_fast64_t begins = UINT64_MAX, ends = UINT64_MAX;
static atomic_bool stopping;

static void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void check(bool good, const char *what)
{
    if (!good)
        die("%s: %s", what, strerror(errno));
}

static uint64_t microseconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static void sleep_until(uint64_t wall)
{
    struct timespec time = { (time_t)(wall / 1000000), (long)(wall % 1000000) * 1000 };
    while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL) == EINTR)
        ;
}

/* ---- histogram of microseconds ---- */

static int bucket(uint64_t value)
{
    if (value < STEPS)
        return (int)value;
    int shift = 63 - __builtin_clzll(value) - STEP_BITS;
    int found = (shift + 1) * STEPS + (int)((value >> shift) - STEPS);
    return found < BUCKETS ? found : BUCKETS - 1;
}

static uint64_t middle(int number)
{
    if (number < STEPS)
        return (uint64_t)number;
    int shift = number / STEPS - 1;
    uint64_t base = (uint64_t)(number % STEPS + STEPS) << shift;
    return base + ((1ULL << shift) >> 1);
}

/* ---- one event ---- */

static void arrived(struct worker *worker, struct stream *stream, uint64_t now)
{
    uint64_t from = atomic_load_explicit(&begins, memory_order_relaxed);
    uint64_t until = atomic_load_explicit(&ends, memory_order_relaxed);
    if (now >= from && now < until)
        worker->arrived++;
    if (stream->sent < from)
        return;
    if (stream->sent >= until) {
        /* In order, so nothing of the window is to come any more. */
        if (!stream->past) {
            stream->past = true;
            atomic_fetch_add(&worker->past, 1);
        }
        return;
    }
    uint64_t took = now > stream->sent ? now - stream->sent : 0;
    worker->histogram[bucket(took)]++;
    if (took > worker->slowest)
        worker->slowest = took;
    if (stream->n < worker->least)
        worker->least = stream->n;
    if (stream->n > worker->most)
        worker->most = stream->n;
    if (!stream->counted)
        stream->first = stream->last = stream->n;
    else if (stream->n > stream->last)
        stream->last = stream->n;
    else
        stream->again++;
    stream->counted++;
}

/* The number behind a key; the key is mostly where it was in the event before. */
static bool number_of(const char *text, size_t length, const char *key, size_t key_length,
                      size_t *hint, uint64_t *found)
{
    size_t at = *hint;
    if (at + key_length > length || memcmp(text + at, key, key_length) != 0) {
        const char *place = memmem(text, length, key, key_length);
        if (!place)
            return false;
        *hint = at = (size_t)(place - text);
    }
    at += key_length;
    while (at < length && text[at] == ' ')
        at++;
    uint64_t value = 0;
    size_t start = at;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++)
        value = value * 10 + (uint64_t)(text[at] - '0');
    *found = value;
    return at > start;
}

static void named(struct worker *worker, struct stream *stream, const char *name, size_t length)
{
    stream->wanted = length == given.event_length && memcmp(name, given.event, length) == 0;
    if (length == 5 && memcmp(name, "reset", 5) == 0)
        worker->resets++;
    else if (length == 7 && memcmp(name, "closing", 7) == 0)
        worker->closings++;
}

static void on_line(struct worker *worker, struct stream *stream, const char *line, size_t length,
                    uint64_t now)
{
    if (length && line[length - 1] == '\r')
        length--;
    if (length == 0) {
        if (stream->wanted && stream->measured)
            arrived(worker, stream, now);
        stream->measured = false;
        stream->wanted = given.unnamed;
        return;
    }
    if (length > 5 && memcmp(line, "data:", 5) == 0) {
        stream->measured =
            number_of(line, length, "\"n\":", 4, &worker->n_hint, &stream->n)
            && number_of(line, length, "\"sent\":", 7, &worker->sent_hint, &stream->sent);
    } else if (length > 6 && memcmp(line, "event:", 6) == 0) {
        size_t skip = line[6] == ' ' ? 7 : 6;
        named(worker, stream, line + skip, length - skip);
    } else if (line[0] == ':') {
        worker->comments++;
    }
}

static void keep(struct stream *stream, const char *text, size_t length, size_t longest)
{
    if (stream->length + length > longest)
        die("a line or a head of more than %zu bytes", longest);
    if (stream->length + length > stream->room) {
        stream->room = (stream->length + length) * 2;
        stream->line = realloc(stream->line, stream->room);
        check(stream->line != NULL, "memory");
    }
    memcpy(stream->line + stream->length, text, length);
    stream->length += length;
}

static void on_body(struct worker *worker, struct stream *stream, const char *text, size_t length,
                    uint64_t now)
{
    const char *end = text + length;
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        if (!feed) {
            keep(stream, text, (size_t)(end - text), LONGEST_LINE);
            return;
        }
        if (stream->length) {
            keep(stream, text, (size_t)(feed - text), LONGEST_LINE);
            on_line(worker, stream, stream->line, stream->length, now);
            stream->length = 0;
        } else {
            on_line(worker, stream, text, (size_t)(feed - text), now);
        }
        text = feed + 1;
    }
}

static int hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Take the chunks apart, wherever the reads happened to cut them. */
static void on_chunks(struct worker *worker, struct stream *stream, const char *text,
                      size_t length, uint64_t now)
{
    const char *end = text + length;
    while (text < end) {
        if (stream->chunk == DATA) {
            size_t part = (size_t)(end - text);
            if (part > stream->left)
                part = (size_t)stream->left;
            on_body(worker, stream, text, part, now);
            text += part;
            stream->left -= part;
            if (stream->left == 0)
                stream->chunk = DATA_END;
            continue;
        }
        char byte = *text++;
        if (stream->chunk == SIZE && hex(byte) >= 0)
            stream->left = stream->left * 16 + (uint64_t)hex(byte);
        else if (stream->chunk == SIZE && byte != '\n')
            stream->chunk = EXTENSION;
        else if (stream->chunk == DATA_END && byte == '\n')
            stream->chunk = SIZE;
        else if (stream->chunk == DATA_END && byte != '\r')
            die("a chunk is longer than it says");
        else if ((stream->chunk == EXTENSION || stream->chunk == SIZE) && byte == '\n')
            stream->chunk = stream->left ? DATA : TRAILER;
    }
}

/* ---- one stream ---- */

static void watch(struct worker *worker, struct stream *stream, int operation, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = stream };
    check(epoll_ctl(worker->epoll, operation, stream->fd, &event) == 0, "epoll");
}

static void close_stream(struct worker *worker, struct stream *stream)
{
    close(stream->fd);
    stream->stage = CLOSED;
    atomic_fetch_add(&worker->closed, 1);
    if (!stream->stuck)
        atomic_fetch_sub(&worker->healthy, 1);
    if (stream->past)
        atomic_fetch_sub(&worker->past, 1);
}

static void open_stream(struct worker *worker, struct stream *stream)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)given.port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    check(stream->fd >= 0, "socket");
    if (stream->stuck && given.receive_buffer)
        setsockopt(stream->fd, SOL_SOCKET, SO_RCVBUF, &given.receive_buffer, sizeof(int));
    if (connect(stream->fd, (struct sockaddr *)&address, sizeof address) != 0)
        check(errno == EINPROGRESS, "connect");
    stream->stage = CONNECTING;
    stream->wanted = given.unnamed;
    watch(worker, stream, EPOLL_CTL_ADD, EPOLLOUT);
}

static void send_request(struct worker *worker, struct stream *stream)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error)
        die("connect: %s", strerror(error));
    ssize_t sent = send(stream->fd, given.request, given.request_length, MSG_NOSIGNAL);
    check(sent == (ssize_t)given.request_length, "send");
    stream->stage = HEAD;
    watch(worker, stream, EPOLL_CTL_MOD, EPOLLIN);
}

/* Returns how much of the text belongs to the head; all of it while the head has no end. */
static size_t on_head(struct worker *worker, struct stream *stream, const char *text,
                      size_t length)
{
    size_t before = stream->length;
    keep(stream, text, length, LONGEST_HEAD + BUFFER);
    char *end = memmem(stream->line, stream->length, "\r\n\r\n", 4);
    if (!end) {
        if (stream->length > LONGEST_HEAD)
            die("a head of more than %d bytes", LONGEST_HEAD);
        return length;
    }
    size_t head = (size_t)(end - stream->line) + 4;
    if (stream->length < 12 || memcmp(stream->line + 8, " 200", 4) != 0)
        die("refused: %.*s", (int)(stream->length < 600 ? stream->length : 600), stream->line);
    *end = '\0';
    stream->chunked = strcasestr(stream->line, "\r\nTransfer-Encoding: chunked") != NULL;
    free(stream->line);
    stream->line = NULL;
    stream->length = stream->room = 0;
    stream->chunk = SIZE;
    stream->stage = BODY;
    worker->pending--;
    return head - before;
}

static void receive(struct worker *worker, struct stream *stream)
{
    /* One that will be stuck takes little more than the head. */
    size_t most = stream->stuck ? 4096 : BUFFER;
    ssize_t length = recv(stream->fd, worker->buffer, most, 0);
    if (length <= 0) {
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (stream->stage == HEAD)
            die("closed before it answered: %s", length ? strerror(errno) : "end");
        close_stream(worker, stream);
        return;
    }
    uint64_t now = microseconds(CLOCK_REALTIME);
    if (now >= begins && now < ends) {
        worker->bytes += (uint64_t)length;
        worker->reads++;
    }
    size_t start = 0;
    if (stream->stage == HEAD) {
        start = on_head(worker, stream, worker->buffer, (size_t)length);
        if (stream->stage == HEAD)
            return;
        atomic_fetch_add(&worker->ready, 1);
        if (stream->stuck) {
            stream->stage = STUCK;
            watch(worker, stream, EPOLL_CTL_MOD, EPOLLRDHUP);
            return;
        }
    }
    if (stream->chunked)
        on_chunks(worker, stream, worker->buffer + start, (size_t)length - start, now);
    else
        on_body(worker, stream, worker->buffer + start, (size_t)length - start, now);
    if (stream->stage == BODY && stream->chunk == TRAILER)
        close_stream(worker, stream);
}

static void handle(struct worker *worker, struct stream *stream, uint32_t events)
{
    switch (stream->stage) {
    case CONNECTING:
        send_request(worker, stream);
        break;
    case HEAD:
    case BODY:
        receive(worker, stream);
        break;
    case STUCK:
        if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            close_stream(worker, stream);
        break;
    case CLOSED:
        break;
    }
}

/* ---- one thread ---- */

static void open_more(struct worker *worker)
{
    uint64_t now = microseconds(CLOCK_MONOTONIC);
    uint64_t apart = (uint64_t)(1e6 * given.threads / given.rate);
    if (worker->next_open + 20 * apart < now)
        worker->next_open = now; /* what was missed is not made up for all at once */
    while (worker->opened < worker->count && worker->pending < given.pending
           && worker->next_open <= now) {
        open_stream(worker, &worker->streams[worker->opened++]);
        worker->pending++;
        worker->next_open += apart;
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct epoll_event events[EVENTS];
    while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
        bool opening = worker->opened < worker->count;
        if (opening)
            open_more(worker);
        int found = epoll_wait(worker->epoll, events, EVENTS, opening ? 1 : 50);
        check(found >= 0 || errno == EINTR, "epoll_wait");
        for (int i = 0; i < found; i++)
            handle(worker, events[i].data.ptr, events[i].events);
    }
    return NULL;
}

static void start_workers(void)
{
    for (int i = 0; i < given.threads; i++) {
        struct worker *worker = &workers[i];
        int first = given.streams * i / given.threads;
        worker->count = given.streams * (i + 1) / given.threads - first;
        worker->streams = calloc((size_t)worker->count + 1, sizeof *worker->streams);
        worker->buffer = malloc(BUFFER);
        worker->epoll = epoll_create1(EPOLL_CLOEXEC);
        check(worker->streams && worker->buffer && worker->epoll >= 0, "start");
        worker->least = UINT64_MAX;
        for (int k = 0; k < worker->count; k++) {
            /* Spread evenly, so that the first and the last are of either kind. */
            int number = first + k;
            worker->streams[k].stuck = (int64_t)(number + 1) * given.stuck / given.streams
                                       > (int64_t)number * given.stuck / given.streams;
            worker->healthy += !worker->streams[k].stuck;
        }
        check(pthread_create(&worker->thread, NULL, work, worker) == 0, "thread");
    }
}

/* ---- the whole ---- */

#define SUM(field)                                                                                 \
    ({                                                                                             \
        uint64_t sum_ = 0;                                                                         \
        for (int i_ = 0; i_ < given.threads; i_++)                                                 \
            sum_ += (uint64_t)workers[i_].field;                                                   \
        sum_;                                                                                      \
    })

static double cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
           + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double thread_cpu(int number)
{
    clockid_t clock;
    if (pthread_getcpuclockid(workers[number].thread, &clock) != 0)
        return 0;
    return (double)microseconds(clock) / 1e6;
}

static void say(const char *at)
{
    printf("{\"at\": \"%s\", \"time\": %.6f}\n", at, (double)microseconds(CLOCK_REALTIME) / 1e6);
    fflush(stdout);
}

static void await_connected(void)
{
    uint64_t last = microseconds(CLOCK_MONOTONIC) + (uint64_t)(given.connect_seconds * 1e6);
    while (SUM(ready) < (uint64_t)given.streams) {
        if (microseconds(CLOCK_MONOTONIC) > last)
            die("only %d of %d streams are open", (int)SUM(ready), given.streams);
        usleep(5000);
    }
}

/* Wait until every stream has what was sent within the window, but not for ever. */
static void await_stragglers(void)
{
    uint64_t last = microseconds(CLOCK_MONOTONIC) + (uint64_t)(given.grace * 1e6);
    while (SUM(past) < SUM(healthy) && microseconds(CLOCK_MONOTONIC) < last)
        usleep(10000);
}

static uint64_t percentile(double share)
{
    uint64_t total = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++)
        total += SUM(histogram[i]);
    uint64_t wanted = (uint64_t)((double)total * share);
    for (int i = 0; i < BUCKETS; i++) {
        seen += SUM(histogram[i]);
        if (total && seen > wanted)
            return middle(i);
    }
    uint64_t slowest = 0;
    for (int i = 0; i < given.threads; i++)
        slowest = workers[i].slowest > slowest ? workers[i].slowest : slowest;
    return slowest;
}

struct sums {
    uint64_t counted, again, lost, late;
    int incomplete, healthy_closed, stuck_closed;
};

/*
 * Lost is what was skipped: it is missing before an event that came. Late is what others have had
 * already and this stream has not: it may have been on its way still.
 */
static void add(struct sums *sums, const struct stream *stream, uint64_t least, uint64_t most)
{
    uint64_t unique = stream->counted - stream->again;
    uint64_t lost = unique ? stream->last + 1 - least - unique : 0;
    uint64_t late = unique ? most - stream->last : least <= most ? most + 1 - least : 0;
    sums->counted += stream->counted;
    sums->again += stream->again;
    sums->lost += lost;
    sums->late += late;
    sums->incomplete += lost + late > 0;
    sums->healthy_closed += stream->stage == CLOSED;
}

static struct sums sum_up(uint64_t least, uint64_t most)
{
    struct sums sums = { 0 };
    for (int i = 0; i < given.threads; i++)
        for (int k = 0; k < workers[i].count; k++) {
            struct stream *stream = &workers[i].streams[k];
            if (stream->stuck)
                sums.stuck_closed += stream->stage == CLOSED;
            else
                add(&sums, stream, least, most);
        }
    return sums;
}

static void tell(double used, double busiest)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (int i = 0; i < given.threads; i++) {
        least = workers[i].least < least ? workers[i].least : least;
        most = workers[i].most > most ? workers[i].most : most;
    }
    uint64_t expected = least <= most ? most - least + 1 : 0;
    struct sums sums = sum_up(least, most);
    printf("{\"at\": \"result\", \"streams\": %d, \"stuck\": %d, \"seconds\": %.3f, ",
           given.streams, given.stuck, given.seconds);
    printf("\"arrived\": %lu, \"bytes\": %lu, \"reads\": %lu, ", (unsigned long)SUM(arrived),
           (unsigned long)SUM(bytes), (unsigned long)SUM(reads));
    printf("\"first\": %lu, \"last\": %lu, \"expected\": %lu, ",
           (unsigned long)(expected ? least : 0), (unsigned long)most, (unsigned long)expected);
    printf("\"counted\": %lu, \"lost\": %lu, \"late\": %lu, \"incomplete\": %d, \"again\": %lu, ",
           (unsigned long)sums.counted, (unsigned long)sums.lost, (unsigned long)sums.late,
           sums.incomplete, (unsigned long)sums.again);
    printf("\"p50_us\": %lu, \"p99_us\": %lu, \"max_us\": %lu, ", (unsigned long)percentile(0.5),
           (unsigned long)percentile(0.99), (unsigned long)percentile(1.0));
    printf("\"closed\": %d, \"stuck_closed\": %d, \"resets\": %lu, \"closings\": %lu, "
           "\"comments\": %lu, ",
           sums.healthy_closed, sums.stuck_closed, (unsigned long)SUM(resets),
           (unsigned long)SUM(closings), (unsigned long)SUM(comments));
    printf("\"cpu\": %.6f, \"busiest_thread\": %.4f}\n", used, busiest);
    fflush(stdout);
}

static void run(void)
{
    double before[MAX_THREADS], used, busiest = 0;
    start_workers();
    await_connected();
    say("connected");
    uint64_t from = microseconds(CLOCK_REALTIME) + (uint64_t)(given.settle * 1e6);
    uint64_t until = from + (uint64_t)(given.seconds * 1e6);
    atomic_store(&ends, until);
    atomic_store(&begins, from);
    sleep_until(from);
    used = cpu();
    for (int i = 0; i < given.threads; i++)
        before[i] = thread_cpu(i);
    say("window");
    sleep_until(until);
    used = cpu() - used;
    for (int i = 0; i < given.threads; i++) {
        double share = (thread_cpu(i) - before[i]) / given.seconds;
        busiest = share > busiest ? share : busiest;
    }
    say("over");
    if (SUM(arrived))
        await_stragglers();
    atomic_store(&stopping, true);
    for (int i = 0; i < given.threads; i++)
        pthread_join(workers[i].thread, NULL);
    tell(used, busiest);
}

/* ---- options ---- */

static char headers[4096];

static void add_header(const char *header)
{
    size_t length = strlen(headers);
    int added = snprintf(headers + length, sizeof headers - length, "%s\r\n", header);
    if (added < 0 || (size_t)added >= sizeof headers - length)
        die("too many headers");
}

static void write_request(void)
{
    bool has_host = strncasecmp(headers, "Host:", 5) == 0 || strcasestr(headers, "\nHost:");
    char host[64] = "";
    if (!has_host)
        snprintf(host, sizeof host, "Host: 127.0.0.1:%d\r\n", given.port);
    int length = snprintf(given.request, sizeof given.request,
                          "GET %s HTTP/1.1\r\n%sAccept: text/event-stream\r\n%s\r\n", given.path,
                          host, headers);
    if (length < 0 || (size_t)length >= sizeof given.request)
        die("the request is too long");
    given.request_length = (size_t)length;
    given.event_length = strlen(given.event);
    given.unnamed = strcmp(given.event, "message") == 0;
}

static const char usage_text[] =
    "usage: load --port N [options]\n"
    "  --path PATH            what is asked for (/)\n"
    "  --header 'NAME: TEXT'  one more header; repeatable\n"
    "  --event NAME           the events that are counted (message)\n"
    "  --streams N            streams to open (1)\n"
    "  --stuck N              of these, how many read the first bytes and nothing more (0)\n"
    "  --receive-buffer B     SO_RCVBUF of those that get stuck, 0: the system's own (4096)\n"
    "  --rate R               streams opened a second at most (1000)\n"
    "  --pending N            asked for and not answered at most, in each thread (64)\n"
    "  --connect-seconds S    for all of them to be open (120)\n"
    "  --settle S             between that and the window of measurement (2)\n"
    "  --seconds S            of the window (10)\n"
    "  --grace S              for what was sent in the window and is still on its way (5)\n"
    "  --threads N            (1)\n";

enum option_name {
    O_PORT = 256, O_PATH, O_HEADER, O_EVENT, O_STREAMS, O_STUCK, O_RECEIVE_BUFFER, O_RATE,
    O_PENDING, O_CONNECT, O_SETTLE, O_SECONDS, O_GRACE, O_THREADS, O_HELP,
};

static const struct option options[] = {
    { "port", 1, 0, O_PORT }, { "path", 1, 0, O_PATH }, { "header", 1, 0, O_HEADER },
    { "event", 1, 0, O_EVENT }, { "streams", 1, 0, O_STREAMS }, { "stuck", 1, 0, O_STUCK },
    { "receive-buffer", 1, 0, O_RECEIVE_BUFFER }, { "rate", 1, 0, O_RATE },
    { "pending", 1, 0, O_PENDING }, { "connect-seconds", 1, 0, O_CONNECT },
    { "settle", 1, 0, O_SETTLE }, { "seconds", 1, 0, O_SECONDS }, { "grace", 1, 0, O_GRACE },
    { "threads", 1, 0, O_THREADS }, { "help", 0, 0, O_HELP }, { 0 },
};

static void take(int name, const char *text)
{
    switch (name) {
    case O_PORT: given.port = atoi(text); break;
    case O_PATH: given.path = text; break;
    case O_HEADER: add_header(text); break;
    case O_EVENT: given.event = text; break;
    case O_STREAMS: given.streams = atoi(text); break;
    case O_STUCK: given.stuck = atoi(text); break;
    case O_RECEIVE_BUFFER: given.receive_buffer = atoi(text); break;
    case O_RATE: given.rate = atof(text); break;
    case O_PENDING: given.pending = atoi(text); break;
    case O_CONNECT: given.connect_seconds = atof(text); break;
    case O_SETTLE: given.settle = atof(text); break;
    case O_SECONDS: given.seconds = atof(text); break;
    case O_GRACE: given.grace = atof(text); break;
    case O_THREADS: given.threads = atoi(text); break;
    case O_HELP: fputs(usage_text, stdout); exit(0);
    default: fputs(usage_text, stderr); exit(2);
    }
}

int main(int count, char **arguments)
{
    for (int name; (name = getopt_long(count, arguments, "", options, NULL)) != -1;)
        take(name, optarg);
    if (given.port < 1 || given.port > 65535 || given.streams < 1 || given.stuck < 0
        || given.stuck > given.streams || given.threads < 1 || given.threads > MAX_THREADS
        || given.pending < 1 || given.rate <= 0 || given.seconds <= 0 || optind < count)
        take('?', NULL);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < (rlim_t)given.streams + 64)
        die("%d streams need more than the %lu files that may be open", given.streams,
            (unsigned long)files.rlim_cur);
    write_request();
    run();
    return 0;
}
