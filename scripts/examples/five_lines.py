"""Remember and find, in five lines: python scripts/examples/five_lines.py"""

from memos import MemOS

memory = MemOS()  # in memory; give a path to keep it
memory.add("I moved to Porto last May and started pottery classes.", user="ana")
memory.add("My sister Ines keeps two greyhounds.", user="ana")
print(memory.search("Where does Ana live now?", user="ana", k=1)[0].text)
memory.close()
