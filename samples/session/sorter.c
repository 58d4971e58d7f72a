/* A service as a session: `sort` takes a text as its payload, writes its lines in order, and answers with how many there are.
   `served` says how many lines all calls together have sorted. */
#include "../sdk/longrun.h"

enum { ROOM = 1 << 16, LINES = 1 << 12 };

static char text[ROOM + 1];
static const char *lines[LINES];
static uint32_t served;

static int later(const char *one, const char *other) {
    while (*one == *other && *one != '\n')
        one++, other++;
    if (*one == '\n' || *other == '\n')
        return *one != '\n';
    return (unsigned char)*one > (unsigned char)*other;
}

/* Moves the line at the top of a heap of `count` down to where it belongs. */
static void sink(uint32_t top, uint32_t count) {
    for (uint32_t child; (child = 2 * top + 1) < count; top = child) {
        if (child + 1 < count && later(lines[child + 1], lines[child]))
            child++;
        if (!later(lines[child], lines[top]))
            return;
        const char *other = lines[top];
        lines[top] = lines[child];
        lines[child] = other;
    }
}

LONGRUN_EVENT(sort) uint32_t sort(void) {
    uint32_t size = longrun_read_input(text, ROOM), count = 0;
    if (size && text[size - 1] != '\n')
        text[size++] = '\n';
    for (uint32_t place = 0; place < size && count < LINES; place++)
        if (!place || text[place - 1] == '\n')
            lines[count++] = text + place;
    for (uint32_t top = count / 2; top--;)
        sink(top, count);
    for (uint32_t left = count; left > 1;) {
        const char *largest = lines[0];
        lines[0] = lines[--left];
        lines[left] = largest;
        sink(0, left);
    }
    for (uint32_t number = 0; number < count; number++) {
        uint32_t length = 0;
        while (lines[number][length++] != '\n')
            ;
        longrun_write_output(lines[number], length);
    }
    served += count;
    return count;
}

LONGRUN_EVENT(served) uint32_t lines_served(void) { return served; }
