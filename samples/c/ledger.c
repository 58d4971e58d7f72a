// A ledger: every line of the input is a transfer, "FROM TO AMOUNT", or new money, "+ TO AMOUNT". Balances are the state of the application,
// so they are there again in the next run. A line that cannot be carried out is refused, and the lines after it go on.
#include "../sdk/longrun.h"

enum { NAME = 32, ROOM = 1 << 16 };
static char text[ROOM], said[16];

static uint64_t balance(const char name[NAME]) {
    uint64_t value[4];
    longrun_state_get(name, value);
    return value[0];
}

static void set(const char name[NAME], uint64_t amount) {
    uint64_t value[4] = {amount, 0, 0, 0};
    longrun_state_set(name, value);
}

// The next word of a line as a name with zeros behind it; 0 if it is missing or too long.
static int name(const char **at, char out[NAME]) {
    int length = 0;
    for (int i = 0; i < NAME; i++)
        out[i] = 0;
    while (**at == ' ')
        ++*at;
    for (; **at != ' ' && **at != '\n'; ++*at, length++) {
        if (length == NAME)
            return 0;
        out[length] = **at;
    }
    return length;
}

// The rest of a line as a number of at most 18 digits; 0 is none.
static uint64_t number(const char *at) {
    uint64_t value = 0;
    while (*at == ' ')
        at++;
    for (int digits = 0; *at != '\n'; at++, digits++) {
        if (*at < '0' || *at > '9' || digits == 18)
            return 0;
        value = 10 * value + (uint64_t)(*at - '0');
    }
    return value;
}

static int transfer(const char *line) {
    char from[NAME], to[NAME];
    if (!name(&line, from) || !name(&line, to))
        return 0;
    uint64_t amount = number(line), there;
    int made = from[0] == '+' && !from[1];
    if (!amount || (to[0] == '+' && !to[1]) || (!made && balance(from) < amount))
        return 0;
    if (!made)
        set(from, balance(from) - amount);
    there = balance(to);
    if (__builtin_add_overflow(there, amount, &there))
        return made ? 0 : (set(from, balance(from) + amount), 0);
    set(to, there);
    return 1;
}

// A number and a text.
static void say(uint32_t value, const char *words, uint32_t length) {
    int at = sizeof said;
    do
        said[--at] = (char)('0' + value % 10);
    while (value /= 10);
    longrun_write_output(said + at, sizeof said - (uint32_t)at);
    longrun_write_output(words, length);
}

int main(void) {
    uint32_t size = longrun_read_input(text, ROOM - 1), done = 0, line = 0;
    if (size && text[size - 1] != '\n')
        text[size++] = '\n';
    for (uint32_t start = 0, stop; start < size; start = stop + 1) {
        for (stop = start; text[stop] != '\n'; stop++)
            ;
        line++;
        if (transfer(text + start))
            done++;
        else
            say(line, " is refused\n", 12);
    }
    say(done, " done\n", 6);
    return 0;
}
