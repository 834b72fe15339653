extern long shared_total;
long hidden_value __attribute__((visibility("hidden"))) = 1000;
static long here = 70;
long hidden(long x) { here += 1; return here * x; }
long other(long x) { return shared_total + x; }
