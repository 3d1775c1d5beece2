// x0 = (1, 2, 3, 4): 1*1 + 2*4 = 9, 3*3 = 9; x1 = (5, 6, 7, 8): 1*5 + 2*8 = 21, 3*7 = 21.
def log = new File(basedir, 'build.log').text
assert log =~ /(cpu|cuda) \[9\.0, 9\.0, 21\.0, 21\.0\]/ : 'the product is not in the log'
assert !log.contains('WARNING: ') || !(log =~ /restricted method/) : 'the JVM warned about native access'
