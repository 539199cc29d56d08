#include "commands.hpp"

int main(int argc, char** argv)
{
    return eventloom::run({"bank", "A bank whose accounts are closed every night.", bank::add_bank}, argc, argv);
}
