// A program with a fault, built with -g: `longrun run` says in which line it ended, and from where that was called.
static int shares[4] = {3, 1, 0, 2};

__attribute__((noinline)) static int share(int sum, int index) {
    return sum / shares[index];
}

__attribute__((noinline)) static int all(int sum) {
    int total = 0;
    for (int index = 0; index < 4; index++)
        total += share(sum, index);
    return total;
}

__attribute__((export_name("main"))) int run(void) {
    return all(60);
}
