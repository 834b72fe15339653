/* The file that loads programs, which is not built. */
#define LDSO_ARCH "ve"
