// Two sockets of Intel Skylake-SP, 12 cores and 24 threads each; hyper-threads are numbered after all cores.

export default `\
available: 2 nodes (0-1)
node 0 cpus: 0 1 2 3 4 5 6 7 8 9 10 11 24 25 26 27 28 29 30 31 32 33 34 35
node 0 size: 31796 MB
node 1 cpus: 12 13 14 15 16 17 18 19 20 21 22 23 36 37 38 39 40 41 42 43 44 45 46 47
node 1 size: 32248 MB
node distances:
node   0   1
  0:  10  21
  1:  21  10
`;
