# Compiles the client made of Bouncy Castle's EST library, from Debian's packages. Sourced. Sets BOUNCYCASTLE to the command that runs it, as an
# array; leaves with status 77 and one line that says why when it cannot be had.
peer_absent() { echo "Bouncy Castle is not here, nothing was run: $*" >&2; exit 77; }

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PEER=${ESTSPEC_PEERS:-$TOP/build/peers}/bouncycastle
command -v javac >/dev/null || peer_absent "no javac on this machine (Debian: default-jdk-headless)"
JARS=
for jar in bcprov bcutil bcpkix bctls; do
  [ -e "/usr/share/java/$jar.jar" ] || peer_absent "no /usr/share/java/$jar.jar (Debian: lib$jar-java)"
  JARS=$JARS:/usr/share/java/$jar.jar
done
SOURCE=$TOP/ci/interop/bouncycastle/EstClient.java
if [ ! "$PEER/EstClient.class" -nt "$SOURCE" ]; then
  mkdir -p "$PEER"
  # Drivers run side by side: each compiles for itself, and the class comes last.
  fresh=$(mktemp -d "$PEER/XXXXXX")
  javac -Xlint:all,-path -Werror -cp "$JARS" -d "$fresh" "$SOURCE" >&2 || { rm -rf "$fresh"; exit 1; }
  mv "$fresh"/EstClient\$*.class "$PEER/" && mv "$fresh/EstClient.class" "$PEER/" && rmdir "$fresh"
fi
BOUNCYCASTLE=(java -Xshare:auto -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$PEER$JARS" EstClient)
