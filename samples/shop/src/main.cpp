#include "commands.hpp"

int main(int argc, char** argv)
{
    return eventloom::run({"shop", "A gift shop on Eventloom.", shop::add_shop}, argc, argv);
}
