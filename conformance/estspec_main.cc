// estspec, the conformance suite's command line.
#include "conformance/cli_application.h"

int main(int argc, char** argv) { return conformance::cli::run_application(argc, argv); }
