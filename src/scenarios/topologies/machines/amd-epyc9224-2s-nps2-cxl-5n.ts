// Two AMD EPYC 9224 in NPS2, and a Samsung CXL memory expander at socket 0 as CPU-less node 4.
// Its firmware says 255 for the way back from the expander: from there nothing is ever loaded.

export default `\
available: 5 nodes (0-4)
node 0 cpus: 0 1 2 3 4 5 6 7 8 9 10 11 48 49 50 51 52 53 54 55 56 57 58 59
node 0 size: 193283 MB
node 1 cpus: 12 13 14 15 16 17 18 19 20 21 22 23 60 61 62 63 64 65 66 67 68 69 70 71
node 1 size: 193493 MB
node 2 cpus: 24 25 26 27 28 29 30 31 32 33 34 35 72 73 74 75 76 77 78 79 80 81 82 83
node 2 size: 193529 MB
node 3 cpus: 36 37 38 39 40 41 42 43 44 45 46 47 84 85 86 87 88 89 90 91 92 93 94 95
node 3 size: 193490 MB
node 4 cpus:
node 4 size: 129017 MB
node distances:
node   0   1   2   3   4
  0:  10  12  32  32  50
  1:  12  10  32  32  50
  2:  32  32  10  12  60
  3:  32  32  12  10  60
  4:  255  255  255  255  10
`;
