// x0 = (1, 2, 3, 4): 1*1 + 2*4 = 9, 3*3 = 9; x1 = (5, 6, 7, 8): 1*5 + 2*8 = 21, 3*7 = 21. Once for each run so far.
def log = new File(basedir, 'build.log').text
def products = (log =~ /(cpu|cuda) \[9\.0, 9\.0, 21\.0, 21\.0\]/).size()
def builds = (log =~ /BUILD (SUCCESS|FAILURE)/).size()
assert builds > 0 && products == builds : products + ' products in the log of ' + builds + ' builds'
assert !log.contains('restricted method') : 'the JVM warned about native access'
